//! 8.3.1: TPM Attestation Statement Certificate Requirements.

use alloc::borrow::Cow;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::ID_CE_SUBJECT_ALT_NAME;

use super::manufacturer::TpmManufacturer;
use crate::attestation::certificate_rules::{CertificateRule, is_no_ca, version_is_3};
use crate::x509::{Certificate, GeneralName, Name};

/// tcg-at-tpmManufacturer, tcg-at-tpmModel, tcg-at-tpmVersion (TCG EK Credential Profile, section 3.2.9).
const MANUFACTURER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.133.2.1");
const MODEL: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.133.2.2");
const VERSION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.133.2.3");
/// tcg-kp-AIKCertificate.
const AIK_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.133.8.3");

/// The certificate's manufacturer, where it meets the requirements.
pub(super) fn check(aik_cert: &Certificate) -> Result<TpmManufacturer, CertificateRule> {
    // Version MUST be set to 3
    version_is_3(aik_cert)?;
    // Subject field MUST be set to empty
    if !aik_cert.subject().is_empty() {
        return Err(CertificateRule::SubjectNotEmpty);
    }
    // The Subject Alternative Name extension MUST be set as defined in [TPMv2-EK-Profile] section 3.2.9
    let manufacturer = subject_alt_name(aik_cert)?;
    // The Extended Key Usage extension MUST contain the OID 2.23.133.8.3
    let usage = aik_cert.extended_key_usage().ok().flatten().unwrap_or_default();
    if !usage.iter().any(|purpose| *purpose == AIK_CERTIFICATE) {
        return Err(CertificateRule::ExtendedKeyUsage);
    }
    // The Basic Constraints extension MUST have the CA component set to false
    is_no_ca(aik_cert)?;
    Ok(manufacturer)
}

/// One directory name with manufacturer, model and version, in one RDN or in several; critical, since the
/// subject is empty (RFC 5280, section 4.2.1.6).
fn subject_alt_name(aik_cert: &Certificate) -> Result<TpmManufacturer, CertificateRule> {
    let extension = aik_cert.extension(&ID_CE_SUBJECT_ALT_NAME);
    if !extension.is_some_and(|extension| extension.critical) {
        return Err(CertificateRule::SubjectAltName);
    }
    let names = aik_cert.subject_alt_name().ok().flatten().unwrap_or_default();
    let mut directory = names.iter().filter_map(|name| match name {
        GeneralName::Directory(name) => Some(name),
        _ => None,
    });
    let (Some(name), None) = (directory.next(), directory.next()) else {
        return Err(CertificateRule::SubjectAltName);
    };
    let manufacturer = attribute(name, &MANUFACTURER, "tpmManufacturer")?;
    attribute(name, &MODEL, "tpmModel")?;
    attribute(name, &VERSION, "tpmVersion")?;
    let unknown = || CertificateRule::TpmManufacturer { got: manufacturer.clone().into_owned() };
    TpmManufacturer::parse(&manufacturer).ok_or_else(unknown)
}

/// The one attribute of this type, which is not empty.
fn attribute<'a>(
    name: &'a Name,
    kind: &ObjectIdentifier,
    attribute: &'static str,
) -> Result<Cow<'a, str>, CertificateRule> {
    let mut texts = name.texts(kind);
    match (texts.next(), texts.next()) {
        (Some(text), None) if !text.is_empty() => Ok(text),
        _ => Err(CertificateRule::TpmAttribute { attribute }),
    }
}

#[cfg(test)]
#[cfg(feature = "es256")]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use const_oid::db::rfc5280::ID_CE_EXT_KEY_USAGE;

    use super::*;
    use crate::x509::test_certs::{self, Template, tlv};

    const ATTRIBUTES: [(&ObjectIdentifier, &str); 3] =
        [(&MANUFACTURER, "id:494E5443"), (&MODEL, "Example"), (&VERSION, "id:00020008")];

    fn attribute_of((kind, text): &(&ObjectIdentifier, &str)) -> Vec<u8> {
        test_certs::sequence(&[&test_certs::oid(kind), &tlv(0x0c, text.as_bytes())])
    }

    /// A directory name of these RDNs, each with these attributes, as a subject alternative name.
    fn alternative_name(rdns: &[&[(&ObjectIdentifier, &str)]]) -> Vec<u8> {
        let rdns: Vec<u8> = rdns
            .iter()
            .flat_map(|rdn| tlv(0x31, &rdn.iter().map(attribute_of).collect::<Vec<_>>().concat()))
            .collect();
        tlv(0xa4, &tlv(0x30, &rdns))
    }

    fn san(critical: bool, names: &[&[u8]]) -> Vec<u8> {
        test_certs::extension(&ID_CE_SUBJECT_ALT_NAME, critical, &test_certs::sequence(names))
    }

    fn usage(purpose: &ObjectIdentifier) -> Vec<u8> {
        test_certs::extension(
            &ID_CE_EXT_KEY_USAGE,
            false,
            &test_certs::sequence(&[&test_certs::oid(purpose)]),
        )
    }

    /// An AIK certificate without fault.
    fn aik() -> Template {
        let name = alternative_name(&[&ATTRIBUTES]);
        let extensions =
            [test_certs::basic_constraints(false, None), san(true, &[&name]), usage(&AIK_CERTIFICATE)];
        Template { subject: tlv(0x30, &[]), ..Template::new("", 1, "CA", &extensions) }
    }

    fn checked(template: &Template) -> Result<TpmManufacturer, CertificateRule> {
        check(&Certificate::from_der(&template.signed_by(2)).unwrap())
    }

    /// The certificate with another subject alternative name.
    fn with_san(san: Vec<u8>) -> Result<TpmManufacturer, CertificateRule> {
        let mut template = aik();
        template.extensions[1] = san;
        checked(&template)
    }

    #[test]
    fn attributes_may_stand_in_one_rdn_or_in_several_and_in_any_order() {
        let intel = Ok(TpmManufacturer::new(*b"INTC"));
        assert_eq!(checked(&aik()), intel);
        let [manufacturer, model, version] = ATTRIBUTES;
        let several = alternative_name(&[&[version], &[model], &[manufacturer]]);
        assert_eq!(with_san(san(true, &[&several])), intel);
        let with_others = [tlv(0x82, b"tpm.example.org"), several];
        assert_eq!(with_san(san(true, &[&with_others[0], &with_others[1]])), intel);
    }

    #[test]
    fn a_subject_is_refused() {
        let template = Template { subject: test_certs::name("TPM"), ..aik() };
        assert_eq!(checked(&template), Err(CertificateRule::SubjectNotEmpty));
    }

    #[test]
    fn a_subject_alternative_name_that_is_missing_not_critical_or_ambiguous_is_refused() {
        let name = alternative_name(&[&ATTRIBUTES]);
        let refused = Err(CertificateRule::SubjectAltName);
        assert_eq!(with_san(san(false, &[&name])), refused);
        assert_eq!(with_san(san(true, &[&name, &name])), refused, "two directory names");
        assert_eq!(with_san(san(true, &[&tlv(0x82, b"tpm.example.org")])), refused, "none");
        assert_eq!(with_san(san(true, &[])), refused, "empty");
        let mut template = aik();
        template.extensions.remove(1);
        assert_eq!(checked(&template), refused);
    }

    #[test]
    fn each_attribute_is_there_once_and_not_empty() {
        let [manufacturer, model, version] = ATTRIBUTES;
        for (attributes, attribute) in [
            (vec![model, version], "tpmManufacturer"),
            (vec![manufacturer, version], "tpmModel"),
            (vec![manufacturer, model], "tpmVersion"),
            (vec![manufacturer, manufacturer, model, version], "tpmManufacturer"),
            (vec![manufacturer, (&MODEL, ""), version], "tpmModel"),
        ] {
            let refused = with_san(san(true, &[&alternative_name(&[&attributes])]));
            assert_eq!(refused, Err(CertificateRule::TpmAttribute { attribute }));
        }
    }

    #[test]
    fn a_manufacturer_in_another_form_is_refused() {
        let name = alternative_name(&[&[(&MANUFACTURER, "INTC"), ATTRIBUTES[1], ATTRIBUTES[2]]]);
        let refused = Err(CertificateRule::TpmManufacturer { got: "INTC".into() });
        assert_eq!(with_san(san(true, &[&name])), refused);
    }

    #[test]
    fn extended_key_usage_has_aik_certificate() {
        let mut template = aik();
        template.extensions[2] = usage(&const_oid::db::rfc5280::ID_KP_SERVER_AUTH);
        assert_eq!(checked(&template), Err(CertificateRule::ExtendedKeyUsage));
        template.extensions.remove(2);
        assert_eq!(checked(&template), Err(CertificateRule::ExtendedKeyUsage));
    }

    #[test]
    fn basic_constraints_say_that_it_is_no_ca() {
        let mut template = aik();
        template.extensions[0] = test_certs::basic_constraints(true, None);
        assert_eq!(checked(&template), Err(CertificateRule::BasicConstraints { ca: Some(true) }));
        template.extensions.remove(0);
        assert_eq!(checked(&template), Err(CertificateRule::BasicConstraints { ca: None }));
    }
}
