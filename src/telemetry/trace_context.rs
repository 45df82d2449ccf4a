//! The W3C trace context that a caller sends, so that our log lines and spans join its trace.

/// A caller's place in its trace, from a `traceparent` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// 32 lower-case hex digits.
    pub trace_id: String,
    /// The caller's span: 16 lower-case hex digits.
    pub parent_id: String,
    /// Whether the caller records the trace.
    pub sampled: bool,
}

impl TraceContext {
    /// Reads a header; one that is not well formed is as good as none, says the standard.
    pub fn parse(header: &str) -> Option<Self> {
        let mut parts = header.trim().split('-');
        let (version, trace_id, parent_id, flags) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_hex = |part: &str, length| {
            part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        let is_id = |part: &str, length| is_hex(part, length) && part.bytes().any(|byte| byte != b'0');
        // A later version may append parts; version 00 may not, and ff is none.
        let version_fits =
            is_hex(version, 2) && version != "ff" && (version != "00" || parts.next().is_none());
        if !(version_fits && is_id(trace_id, 32) && is_id(parent_id, 16) && is_hex(flags, 2)) {
            return None;
        }
        let sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
        Some(Self { trace_id: trace_id.to_owned(), parent_id: parent_id.to_owned(), sampled })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_well_formed_headers_are_read() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let span = "00f067aa0ba902b7";
        for (header, expected) in [
            (format!("00-{trace}-{span}-01"), Some(true)),
            (format!("00-{trace}-{span}-00"), Some(false)),
            (format!("cc-{trace}-{span}-01-what-comes"), Some(true)),
            (format!("00-{trace}-{span}-01-extra"), None),
            (format!("ff-{trace}-{span}-01"), None),
            (format!("00-{}-{span}-01", "0".repeat(32)), None),
            (format!("00-{trace}-{}-01", "0".repeat(16)), None),
            (format!("00-{}-{span}-01", trace.to_uppercase()), None),
            (format!("00-{trace}-{span}"), None),
            (String::new(), None),
        ] {
            assert_eq!(TraceContext::parse(&header).map(|context| context.sampled), expected, "{header}");
        }
    }
}
