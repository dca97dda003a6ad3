//! A publisher's chain and revocation lists.

use super::{Inputs, NOW};
use crate::publisher::{Publisher, SERIALS, Signing};

/// A publisher and its chain: signer, authority, root.
#[must_use]
pub fn publisher() -> (Publisher, Vec<Vec<u8>>) {
    let publisher = Publisher::new("fuzz", NOW);
    let mut chain = publisher.chain(&Signing::default());
    chain.push(publisher.root());
    (publisher, chain)
}

/// Lists of the authority and of the root, about nobody, about others, and about the chain.
pub(super) fn revocation_lists() -> Inputs {
    let (publisher, _) = publisher();
    let [signer, authority] = SERIALS;
    let other: &[u8] = &[0x77];
    let lists: [&[&[u8]]; 4] = [&[], &[other], &[signer], &[authority, other, signer]];
    lists.iter().flat_map(|serials| [false, true].map(|root| publisher.crl(root, serials))).collect()
}
