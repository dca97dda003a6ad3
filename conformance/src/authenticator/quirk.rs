//! Unusual but valid details of a response, which a server must accept.

use std::fmt;

use super::fault::Ceremony;
use super::format::Format;

macro_rules! quirks {
    ($($name:ident $word:literal $ceremony:ident $about:literal;)*) => {
        /// One step of a ceremony, done in an unusual way that occurs in the field and that the specification allows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Quirk {
            $(#[doc = $about] $name,)*
        }

        impl Quirk {
            /// Every quirk, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// A kebab-case word for it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }

            /// A description.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$name => $about),* }
            }

            const fn ceremony(self) -> Option<Ceremony> {
                match self { $(Self::$name => $ceremony),* }
            }
        }
    };
}

const BOTH: Option<Ceremony> = None;
const CREATE: Option<Ceremony> = Some(Ceremony::Create);
const GET: Option<Ceremony> = Some(Ceremony::Get);

quirks! {
    UnknownMembers "unknown-members" BOTH "members that no specification knows";
    OptionalNull "optional-null" BOTH "optional members are null";
    ClientResultsMissing "client-results-missing" BOTH "no clientExtensionResults";
    ClientResultsOfAnyShape "client-results-of-any-shape" BOTH "client outputs of shapes that nobody asked for";
    AttachmentUnknown "attachment-unknown" BOTH "an attachment that is not known";
    TransportsMissing "transports-missing" CREATE "no transports";
    TransportsUnknown "transports-unknown" CREATE "transports that are not known";
    CopiesMissing "copies-missing" CREATE "no publicKey, publicKeyAlgorithm, authenticatorData: they are copies";
    CopiesWrong "copies-wrong" CREATE "publicKey, publicKeyAlgorithm, authenticatorData are another's: they are not used";
    UserHandleEmpty "user-handle-empty" GET "an empty userHandle, which counts as none";
    ClientDataUnknownMember "client-data-unknown-member" BOTH "client data with a member more";
    ClientDataOtherOrder "client-data-other-order" BOTH "client data in another order";
    ClientDataWhiteSpace "client-data-white-space" BOTH "client data with white space";
    ClientDataEscapedSlashes "client-data-escaped-slashes" BOTH "client data with escaped slashes";
    ClientDataByteOrderMark "client-data-byte-order-mark" BOTH "client data with a byte order mark";
    TokenBinding "token-binding" BOTH "client data with a tokenBinding that says supported";
    TokenBindingPresent "token-binding-present" BOTH "a tokenBinding that says present: Level 3 reserves it";
    TokenBindingNotObject "token-binding-not-object" BOTH "a tokenBinding that is a text: Level 3 reserves it";
    KeysUnsorted "keys-unsorted" CREATE "the attestation object's keys in another order";
    LengthsLong "lengths-long" CREATE "the attestation object's lengths not the shortest";
    StatementMember "statement-member" CREATE "a statement with a member that its format does not know";
    ExtensionUnknown "extension-unknown" BOTH "an authenticator extension that nobody asked for";
    AttestedDataInAssertion "attested-data-in-assertion" GET "attested credential data in an assertion";
}

impl Quirk {
    /// Whether it applies to a statement of a format.
    #[must_use]
    pub fn fits(self, format: Format) -> bool {
        match self {
            // A statement of `none` is empty, and that of `compound` is an array.
            Self::StatementMember => !matches!(format, Format::None | Format::Compound),
            _ => true,
        }
    }

    /// Whether it applies to a ceremony.
    #[must_use]
    pub fn applies_to(self, ceremony: Ceremony) -> bool {
        self.ceremony().is_none_or(|one| one == ceremony)
    }
}

impl fmt::Display for Quirk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
