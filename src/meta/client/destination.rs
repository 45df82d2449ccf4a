//! Where a request may go, and where a token may.
//!
//! A token goes to the configured Graph host, to Meta's host beside it and to Meta's hosts of media, and nowhere else: not to the target of a
//! redirect, not to the next page that an answer names, not to an address out of a webhook.

use url::Url;

/// Meta (2026-07): media is served from lookaside.fbsbx.com, pictures from fbcdn.net, and by WhatsApp itself.
const MEDIA_HOST: &str = "lookaside.fbsbx.com";
const MEDIA_DOMAINS: &[&str] = &[".fbcdn.net", ".whatsapp.net"];
/// Meta (2026-06): a few newer calls are not Graph's, but this host's.
const GRAPH_HOST: &str = "graph.facebook.com";
const BESIDE_GRAPH: &str = "api.facebook.com";
const ID_BYTES_MAX: usize = 512;

/// The configured Graph API.
#[derive(Clone, Debug)]
pub(super) struct Destination {
    base: Url,
    version: String,
}

impl Destination {
    /// None if the base URL is not one.
    pub(super) fn new(base_url: &str, version: &str) -> Option<Self> {
        let base = Url::parse(base_url).ok().filter(Url::has_host)?;
        Some(Self { base, version: version.to_owned() })
    }

    /// The address of a path below the version. None if a part could be anything but one part of a path.
    pub(super) fn url(&self, path: &[&str]) -> Option<Url> {
        if !path.iter().all(|part| is_part(part)) {
            return None;
        }
        let mut url = self.base.clone();
        url.path_segments_mut().ok()?.pop_if_empty().push(&self.version).extend(path);
        Some(url)
    }

    /// The address of a path at Meta's host beside Graph, which knows no versions. A stand-in for Graph stands for it too.
    pub(super) fn url_beside(&self, path: &[&str]) -> Option<Url> {
        if !path.iter().all(|part| is_part(part)) {
            return None;
        }
        let mut url = self.base.clone();
        if url.host_str() == Some(GRAPH_HOST) {
            url.set_host(Some(BESIDE_GRAPH)).ok()?;
        }
        url.path_segments_mut().ok()?.pop_if_empty().extend(path);
        Some(url)
    }

    /// Whether the address is Meta's, so that a token may go there.
    pub(super) fn is_metas(&self, url: &Url) -> bool {
        if !url.username().is_empty() || url.password().is_some() {
            return false;
        }
        let is_graph = url.origin() == self.base.origin();
        is_graph
            || (url.scheme() == "https" && url.port().is_none() && url.domain().is_some_and(is_media_host))
    }
}

fn is_media_host(host: &str) -> bool {
    host == MEDIA_HOST || MEDIA_DOMAINS.iter().any(|domain| host.ends_with(domain))
}

/// Ids come from people and from answers; one with a slash would be another path.
fn is_part(part: &str) -> bool {
    !part.is_empty()
        && part.len() <= ID_BYTES_MAX
        && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.:=".contains(&byte))
        && part.bytes().any(|byte| byte != b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(base_url: &str) -> Destination {
        Destination::new(base_url, "v25.0").unwrap()
    }

    #[test]
    fn an_id_is_one_part_of_a_path_or_no_id() {
        let destination = destination("https://graph.facebook.com");
        let url = |path: &[&str]| destination.url(path).map(String::from);
        assert_eq!(url(&["1", "messages"]).unwrap(), "https://graph.facebook.com/v25.0/1/messages");
        for id in ["", "..", ".", "1/2", "1?x=1", "1#x", "%2e", "me\n", "a b", "\u{e9}"] {
            assert_eq!(url(&[id, "messages"]), None, "{id:?}");
        }
    }

    #[test]
    fn the_host_beside_graph_is_metas_or_the_stand_in() {
        let check = |base_url: &str, expected: Option<&str>, path: &[&str]| {
            assert_eq!(destination(base_url).url_beside(path).map(String::from).as_deref(), expected);
        };
        let path = ["1", "message_templates", "archive"];
        let expected = "https://api.facebook.com/1/message_templates/archive";
        check("https://graph.facebook.com", Some(expected), &path);
        let expected = "http://127.0.0.1:4000/1/message_templates/archive";
        check("http://127.0.0.1:4000", Some(expected), &path);
        check("https://graph.facebook.com", None, &["1/2", "archive"]);
    }

    #[test]
    fn a_token_goes_to_meta_alone() {
        let meta = destination("https://graph.facebook.com");
        let allowed = |text: &str| meta.is_metas(&Url::parse(text).unwrap());
        for good in [
            "https://graph.facebook.com/v25.0/1",
            "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1",
            "https://scontent.xx.fbcdn.net/v/x.jpg",
            "https://mmg.whatsapp.net/x",
        ] {
            assert!(allowed(good), "{good}");
        }
        for bad in [
            "http://lookaside.fbsbx.com/x",
            "http://graph.facebook.com/x",
            "https://graph.facebook.com:8443/x",
            "https://lookaside.fbsbx.com:444/x",
            "https://lookaside.fbsbx.com.evil.example/x",
            "https://evil.example/?lookaside.fbsbx.com",
            "https://evilfbcdn.net/x",
            "https://fbcdn.net.evil.example/x",
            "https://user@lookaside.fbsbx.com/x",
            "https://lookaside.fbsbx.com@evil.example/x",
            "https://157.240.1.1/x",
            "file:///etc/passwd",
        ] {
            assert!(!allowed(bad), "{bad}");
        }
        let local = destination("http://127.0.0.1:4000");
        assert!(local.is_metas(&Url::parse("http://127.0.0.1:4000/_media/1/2").unwrap()));
        assert!(!local.is_metas(&Url::parse("http://127.0.0.1:4001/_media/1/2").unwrap()));
    }
}
