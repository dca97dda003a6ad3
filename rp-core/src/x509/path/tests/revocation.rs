use alloc::vec;
use alloc::vec::Vec;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ID_CE_CERTIFICATE_ISSUER, ID_CE_CRL_DISTRIBUTION_POINTS, ID_CE_CRL_NUMBER, ID_CE_CRL_REASONS,
    ID_CE_DELTA_CRL_INDICATOR, ID_CE_ISSUING_DISTRIBUTION_POINT,
};

use crate::error::Code;
use crate::timestamp::Timestamp;
use crate::x509::crl::{Crl, CrlError};
use crate::x509::path::{
    Path, PathError, PathOptions, Revocation, RevocationStatus, UnusableCrlError, validate_der,
};
use crate::x509::test_certs::{
    self, Template, anchor, basic_constraints, ecdsa_with_sha256, extension, key_usage, sequence, tlv,
    utc_time,
};
use crate::x509::tlv::DerError;

const ROOT: u8 = 1;
const ISSUING: u8 = 2;
const LEAF: u8 = 3;
/// 2025-06-01T12:00:00Z.
const AT: Timestamp = Timestamp::from_unix_seconds(1_748_779_200);
const URL: &str = "http://crl.example/issuing.crl";

/// A list of the issuing CA that names the leaf, whose serial number is its key's.
struct List {
    issuer: &'static str,
    this_update: Vec<u8>,
    next_update: Vec<u8>,
    serials: Vec<u8>,
    entry_extensions: Vec<u8>,
    extensions: Vec<Vec<u8>>,
}

fn list(serials: &[u8]) -> List {
    List {
        issuer: "Issuing",
        this_update: utc_time("250501000000Z"),
        next_update: utc_time("250701000000Z"),
        serials: serials.into(),
        entry_extensions: vec![],
        extensions: vec![extension(&ID_CE_CRL_NUMBER, false, &tlv(0x02, &[1]))],
    }
}

impl List {
    fn der(&self, key: u8) -> Vec<u8> {
        let entry = |serial: &u8| {
            let extensions = match self.entry_extensions.is_empty() {
                true => vec![],
                false => tlv(0x30, &self.entry_extensions),
            };
            sequence(&[&tlv(0x02, &[*serial]), &utc_time("250401000000Z"), &extensions])
        };
        let entries: Vec<_> = self.serials.iter().map(entry).collect();
        let entries = if entries.is_empty() { vec![] } else { tlv(0x30, &entries.concat()) };
        let tbs = sequence(&[
            &tlv(0x02, &[1]),
            &ecdsa_with_sha256(),
            &test_certs::name(self.issuer),
            &self.this_update,
            &self.next_update,
            &entries,
            &tlv(0xa0, &tlv(0x30, &self.extensions.concat())),
        ]);
        test_certs::sign(&tbs, &ecdsa_with_sha256(), key)
    }

    fn signed_by(&self, key: u8) -> Crl {
        Crl::from_der(&self.der(key)).unwrap()
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

/// The root's list, with this serial number.
pub(super) fn of_root(serial: u8) -> Crl {
    list(&[serial]).with(|list| list.issuer = "Root").signed_by(ROOT)
}

fn judge_chain(issuing_usage: u8, crls: &[Crl], required: bool) -> Result<Path, PathError> {
    let options = PathOptions { revocation: Revocation { crls, required }, ..PathOptions::default() };
    judge_by(issuing_usage, &options)
}

fn judge_by(issuing_usage: u8, options: &PathOptions<'_>) -> Result<Path, PathError> {
    let point = sequence(&[&tlv(0xa0, &tlv(0xa0, &tlv(0x86, URL.as_bytes())))]);
    let points = extension(&ID_CE_CRL_DISTRIBUTION_POINTS, false, &sequence(&[&point]));
    let issuing = [basic_constraints(true, None), key_usage(issuing_usage), points.clone()];
    let chain = [
        Template::new("Leaf", LEAF, "Issuing", &[points]).signed_by(ISSUING),
        Template::new("Issuing", ISSUING, "Root", &issuing).signed_by(ROOT),
    ];
    validate_der(&chain, &[anchor("Root", ROOT)], AT, options)
}

fn judge(crls: &[Crl]) -> Result<RevocationStatus, PathError> {
    judge_chain(0x06, crls, false).map(|path| path.revocation()[0].clone())
}

fn unknown(refusal: UnusableCrlError) -> Result<RevocationStatus, PathError> {
    Ok(RevocationStatus::Unknown(vec![refusal]))
}

/// 2025-04-01T00:00:00Z.
const REVOKED: Result<RevocationStatus, PathError> =
    Err(PathError::Revoked { index: 0, since: Timestamp::from_unix_seconds(1_743_465_600) });

#[test]
fn a_certificate_on_its_issuers_list_is_revoked() {
    assert_eq!(judge(&[list(&[7, LEAF, 1]).signed_by(ISSUING)]), REVOKED);
    assert_eq!(REVOKED.unwrap_err().code(), Code::CertificateRevoked);
    assert_eq!(judge(&[list(&[7, 1]).signed_by(ISSUING)]), Ok(RevocationStatus::NotRevoked));
    assert_eq!(judge(&[list(&[]).signed_by(ISSUING)]), Ok(RevocationStatus::NotRevoked));
}

#[test]
fn a_list_of_today_revokes_in_a_path_of_the_past() {
    let crls = [list(&[LEAF]).with(|list| list.this_update = utc_time("250601120001Z")).signed_by(ISSUING)];
    assert_eq!(judge(&crls), unknown(UnusableCrlError::NotYetValid));
    let options = PathOptions {
        revocation: Revocation { crls: &crls, required: false },
        revocation_at: Some(Timestamp::from_unix_seconds(AT.as_unix_seconds() + 1)),
        ..PathOptions::default()
    };
    assert_eq!(judge_by(0x06, &options).map(|path| path.revocation()[0].clone()), REVOKED);
}

#[test]
fn an_intermediate_is_revoked_by_the_anchors_list() {
    let refused = judge(&[of_root(ISSUING)]).unwrap_err();
    assert!(matches!(refused, PathError::Revoked { index: 1, .. }), "{refused:?}");
}

#[test]
fn a_forged_list_revokes_nothing_and_hides_nothing() {
    let forged = list(&[LEAF]).signed_by(9);
    assert_eq!(judge(&[forged]), unknown(UnusableCrlError::Signature));
    let innocent = list(&[]).signed_by(9);
    assert_eq!(judge(&[innocent, list(&[LEAF]).signed_by(ISSUING)]), REVOKED);
}

#[test]
fn another_issuers_list_says_nothing() {
    let other = list(&[LEAF]).with(|list| list.issuer = "Other").signed_by(ISSUING);
    assert_eq!(judge(&[other]), Ok(RevocationStatus::Unknown(vec![])));
}

#[test]
fn an_issuer_whose_key_usage_is_without_crl_sign_signs_no_list() {
    let judged = judge_chain(0x04, &[list(&[LEAF]).signed_by(ISSUING)], false).unwrap();
    assert_eq!(judged.revocation()[0], RevocationStatus::Unknown(vec![UnusableCrlError::IssuerMayNotSign]));
}

#[test]
fn a_list_of_a_later_time_is_not_used() {
    let later = |serials: &[u8]| list(serials).with(|list| list.this_update = utc_time("250601120001Z"));
    assert_eq!(judge(&[later(&[LEAF]).signed_by(ISSUING)]), unknown(UnusableCrlError::NotYetValid));
}

#[test]
fn a_stale_list_still_revokes_but_clears_nobody() {
    let stale = |serials: &[u8]| list(serials).with(|list| list.next_update = utc_time("250601115959Z"));
    assert_eq!(judge(&[stale(&[LEAF]).signed_by(ISSUING)]), REVOKED);
    assert_eq!(judge(&[stale(&[]).signed_by(ISSUING)]), unknown(UnusableCrlError::Stale));
    let endless = list(&[]).with(|list| list.next_update = vec![]);
    assert_eq!(judge(&[endless.signed_by(ISSUING)]), unknown(UnusableCrlError::Stale));
}

#[test]
fn a_list_is_current_from_this_update_to_next_update() {
    let now = utc_time("250601120000Z");
    let first = list(&[]).with(|list| list.this_update = now.clone()).signed_by(ISSUING);
    assert_eq!(judge(&[first]), Ok(RevocationStatus::NotRevoked));
    let last = list(&[]).with(|list| list.next_update = now.clone()).signed_by(ISSUING);
    assert_eq!(judge(&[last]), Ok(RevocationStatus::NotRevoked));
    let revoking = list(&[LEAF]).with(|list| list.this_update = now.clone()).signed_by(ISSUING);
    assert_eq!(judge(&[revoking]), REVOKED);
    let generalized =
        list(&[]).with(|list| list.next_update = tlv(0x18, b"20250601120000Z")).signed_by(ISSUING);
    assert_eq!(judge(&[generalized]), Ok(RevocationStatus::NotRevoked));
}

#[test]
fn a_lists_fields_are_read_and_its_version_is_2() {
    let mut der = list(&[7, LEAF]).der(ISSUING);
    let crl = Crl::from_der(&der).unwrap();
    assert_eq!((crl.len(), crl.is_empty(), crl.der()), (2, false, &der[..]));
    assert!(Crl::from_der(&list(&[]).der(ISSUING)).unwrap().is_empty());
    // 2025-05-01 and 2025-07-01
    assert_eq!(crl.this_update().as_unix_seconds(), 1_746_057_600);
    assert_eq!(crl.next_update().unwrap().as_unix_seconds(), 1_751_328_000);
    assert_eq!(alloc::format!("{crl:?}"), "Crl(O=Example, CN=Issuing, 2 revoked)");
    let version = der.windows(3).position(|bytes| bytes == [0x02, 0x01, 0x01]).unwrap() + 2;
    der[version] = 2;
    let refused = Crl::from_der(&der).unwrap_err();
    assert_eq!(refused, CrlError::Der(DerError { field: "version", offset: version - 2 }));
    assert_eq!(refused.code(), Code::MalformedCertificate);
}

#[test]
fn a_list_of_users_certificates_does_not_cover_an_authority() {
    let of_root = |fields: &[u8]| {
        list(&[]).with(|list| (list.issuer, list.extensions) = ("Root", vec![scope(fields)])).signed_by(ROOT)
    };
    let judged = |crl: Crl| judge_chain(0x06, &[crl], false).unwrap().revocation()[1].clone();
    assert_eq!(judged(of_root(&tlv(0x82, &[0xff]))), RevocationStatus::NotRevoked);
    let unknown = RevocationStatus::Unknown(vec![UnusableCrlError::Scope]);
    assert_eq!(judged(of_root(&tlv(0x81, &[0xff]))), unknown);
    assert_eq!(judged(of_root(&tlv(0x81, &[0x00]))), RevocationStatus::NotRevoked, "FALSE");
}

#[test]
fn what_is_not_known_is_refused_where_it_is_required() {
    let by_root = list(&[]).with(|list| list.issuer = "Root").signed_by(ROOT);
    let both = [list(&[]).signed_by(ISSUING), by_root.clone()];
    assert!(judge_chain(0x06, &both, true).is_ok());
    let refused = judge_chain(0x06, &[by_root, list(&[]).signed_by(9)], true).unwrap_err();
    assert_eq!(
        refused,
        PathError::RevocationUnknown { index: 0, reasons: vec![UnusableCrlError::Signature] }
    );
    assert_eq!(refused.code(), Code::AttestationUntrusted);
}

/// `issuingDistributionPoint` with these fields.
fn scope(fields: &[u8]) -> Vec<u8> {
    extension(&ID_CE_ISSUING_DISTRIBUTION_POINT, true, &tlv(0x30, fields))
}

fn scoped(serials: &[u8], fields: &[u8]) -> Crl {
    list(serials).with(|list| list.extensions.push(scope(fields))).signed_by(ISSUING)
}

#[test]
fn a_list_of_other_certificates_revokes_but_clears_nobody() {
    let point = |url: &str| tlv(0xa0, &tlv(0xa0, &tlv(0x86, url.as_bytes())));
    let (only_user, only_ca, reasons) = (tlv(0x81, &[0xff]), tlv(0x82, &[0xff]), tlv(0x83, &[0x06, 0x40]));
    assert_eq!(judge(&[scoped(&[], &only_user)]), Ok(RevocationStatus::NotRevoked));
    assert_eq!(judge(&[scoped(&[], &point(URL))]), Ok(RevocationStatus::NotRevoked));
    for other in [only_ca, reasons, point("http://crl.example/other.crl")] {
        assert_eq!(judge(&[scoped(&[], &other)]), unknown(UnusableCrlError::Scope));
        assert_eq!(judge(&[scoped(&[LEAF], &other)]), REVOKED);
    }
}

#[test]
fn lists_of_kinds_that_are_not_used_are_refused_when_read() {
    let unknown_extension = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.55738.1");
    let refusal = |change: &dyn Fn(&mut List)| {
        let mut changed = list(&[LEAF]);
        change(&mut changed);
        Crl::from_der(&changed.der(ISSUING)).unwrap_err()
    };
    let number = tlv(0x02, &[1]);
    let delta = extension(&ID_CE_DELTA_CRL_INDICATOR, true, &number);
    assert_eq!(refusal(&|list| list.extensions.push(delta.clone())), CrlError::Delta);
    assert_eq!(refusal(&|list| list.extensions.push(scope(&tlv(0x84, &[0xff])))), CrlError::Indirect);
    assert_eq!(refusal(&|list| list.extensions.push(scope(&tlv(0x85, &[0xff])))), CrlError::Indirect);
    let issuer = extension(&ID_CE_CERTIFICATE_ISSUER, true, &sequence(&[]));
    assert_eq!(refusal(&|list| list.entry_extensions = issuer.clone()), CrlError::Indirect);
    let critical = extension(&unknown_extension, true, b"");
    let expected = CrlError::CriticalExtension { oid: "1.3.6.1.4.1.55738.1".into() };
    assert_eq!(refusal(&|list| list.extensions.push(critical.clone())), expected);
    assert_eq!(refusal(&|list| list.entry_extensions = critical.clone()), expected);
    let reason = extension(&ID_CE_CRL_REASONS, false, &tlv(0x0a, &[1]));
    assert_eq!(
        judge(&[list(&[LEAF]).with(|list| list.entry_extensions = reason).signed_by(ISSUING)]),
        REVOKED
    );
}

#[test]
fn unused_bits_of_a_lists_signature_are_ignored() {
    let mut der = list(&[LEAF]).der(ISSUING);
    let unused = der.len() - Crl::from_der(&der).unwrap().signature().len() - 1;
    der[unused] = 2;
    assert_eq!(judge(&[Crl::from_der(&der).unwrap()]), REVOKED);
}

#[test]
fn the_length_of_a_list_is_bounded() {
    let long = Crl::MAX_LEN + 1;
    assert_eq!(Crl::from_der(&vec![0x30; long]).unwrap_err(), CrlError::TooLong { len: long });
    let refused = Crl::from_der(&vec![0x31; long - 1]).unwrap_err();
    assert_eq!(refused, CrlError::Der(DerError { field: "certificateList", offset: 0 }));
}

#[test]
fn any_cut_of_a_list_is_refused() {
    let der = list(&[LEAF]).der(ISSUING);
    for length in 0..der.len() {
        assert!(Crl::from_der(&der[..length]).is_err(), "{length} bytes");
    }
    let longer = [&der[..], &[0]].concat();
    let refused = Crl::from_der(&longer).unwrap_err();
    assert_eq!(refused, CrlError::Der(DerError { field: "certificateList", offset: der.len() }));
}

#[test]
fn crl_urls_are_those_of_validated_paths() {
    assert_eq!(judge_chain(0x06, &[], false).unwrap().crl_urls(), [URL]);
}

#[test]
fn many_lists_of_one_issuer_do_not_reject_a_path() {
    let mut lists = vec![list(&[]).signed_by(9); 200];
    assert_eq!(judge(&lists), Ok(RevocationStatus::Unknown(vec![UnusableCrlError::Signature; 200])));
    lists.push(list(&[]).signed_by(ISSUING));
    assert_eq!(judge(&lists), Ok(RevocationStatus::NotRevoked));
    lists.push(list(&[LEAF]).signed_by(ISSUING));
    assert_eq!(judge(&lists), REVOKED);
}
