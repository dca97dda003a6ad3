//! The state of a ceremony under way, with a version in front.

use core::ops::Deref;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The version that this release reads and writes. A change that older releases cannot read raises it, in a
/// release that writes the old one still and reads both, so that servers can be upgraded one by one.
const VERSION: u32 = 1;

/// A state that serialises as `{"version": 1, …}`.
#[derive(Debug)]
pub(crate) struct Versioned<T>(pub(crate) T);

#[derive(Serialize, Deserialize)]
struct Form<T> {
    version: u32,
    #[serde(flatten)]
    state: T,
}

impl<T> Deref for Versioned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Serialize> Serialize for Versioned<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Form { version: VERSION, state: &self.0 }.serialize(serializer)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Versioned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = Form::<T>::deserialize(deserializer)?;
        if form.version != VERSION {
            return Err(D::Error::custom(format_args!(
                "a ceremony of version {}, not {VERSION}",
                form.version
            )));
        }
        Ok(Self(form.state))
    }
}
