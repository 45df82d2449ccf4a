//! What a certificate says of itself: until when it is valid and whom it names. Trusts nothing; whether the
//! certificate is genuine is for `client` and rustls to find out.

use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use crate::clock::Timestamp;

/// The part of a certificate that we read.
#[derive(Debug)]
pub(super) struct Facts {
    /// The last moment at which it is valid.
    pub expires: Timestamp,
    dns_names: Vec<String>,
    common_name: Option<String>,
}

impl Facts {
    /// Reads DER; `None` if it is no certificate.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?;
        let content = certificate.tbs_certificate();
        let seconds = content.validity().not_after.to_unix_duration().as_secs();
        // RFC 5280 writes "no end" as the last second of the year 9999, which is past the last timestamp.
        let expires = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        let dns_names = match content.get_extension::<SubjectAltName>().ok()? {
            Some((_, names)) => names.0.iter().filter_map(dns_name).collect(),
            None => Vec::new(),
        };
        // One that cannot be read is nobody's name; the certificate may be good for all else.
        let common_name = content.subject().common_name().ok().flatten();
        let common_name = common_name.map(|name| name.value().into_owned());
        Some(Self { expires: expires.unwrap_or(Timestamp::MAX), dns_names, common_name })
    }

    /// Whether `name` is one of its DNS names; the common name counts when there are none (RFC 6125, 6.4.4).
    pub(super) fn carries(&self, name: &str) -> bool {
        let is_it = |other: &String| other.eq_ignore_ascii_case(name);
        if self.dns_names.is_empty() {
            self.common_name.as_ref().is_some_and(is_it)
        } else {
            self.dns_names.iter().any(is_it)
        }
    }
}

fn dns_name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rcgen::string::Ia5String;
    use rcgen::{CertificateParams, DnType, DnValue, KeyPair};

    use super::*;

    #[test]
    fn a_common_name_that_cannot_be_read_is_nobodys_and_the_rest_holds() {
        let check = |dns_names: &[&str], name: &str, expected: bool| {
            let dns_names: Vec<_> = dns_names.iter().map(|name| (*name).to_owned()).collect();
            let mut params = CertificateParams::new(dns_names).unwrap();
            let common_name = Ia5String::try_from("client.example").unwrap();
            params.distinguished_name.push(DnType::CommonName, DnValue::Ia5String(common_name));
            let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
            assert_eq!(Facts::read(certificate.der()).unwrap().carries(name), expected, "{name}");
        };
        check(&["client.example"], "client.example", true);
        check(&[], "client.example", false);
        check(&[], "", false);
    }
}
