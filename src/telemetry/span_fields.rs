//! The fields of a span as JSON, written as they come: every request has a span, and few of them have a line that shows
//! it. The library's own way collects them in a map of values first.

use std::fmt;
use std::fmt::Write;

use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FormatFields, FormattedFields};

/// Writes them.
#[derive(Clone, Copy, Debug, Default)]
pub struct SpanFields;

impl<'writer> FormatFields<'writer> for SpanFields {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'writer>, fields: R) -> fmt::Result {
        writer.write_char('{')?;
        record(&mut writer, true, fields)?;
        writer.write_char('}')
    }

    fn add_fields(&self, current: &'writer mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        if current.fields.pop() != Some('}') {
            return Err(fmt::Error);
        }
        let is_first = current.fields == "{";
        record(&mut current.fields, is_first, fields)?;
        current.fields.write_char('}')
    }
}

fn record(writer: &mut dyn Write, is_first: bool, fields: impl RecordFields) -> fmt::Result {
    let mut object = Object { writer, is_first, outcome: Ok(()) };
    fields.record(&mut object);
    object.outcome
}

/// The inside of a JSON object.
struct Object<'a> {
    writer: &'a mut dyn Write,
    is_first: bool,
    outcome: fmt::Result,
}

impl Object<'_> {
    fn field(&mut self, field: &Field, value: impl FnOnce(&mut dyn Write) -> fmt::Result) {
        if self.outcome.is_ok() {
            let comma = if std::mem::take(&mut self.is_first) { "" } else { "," };
            // A raw identifier is shown without its mark.
            let name = field.name().strip_prefix("r#").unwrap_or(field.name());
            self.outcome = write!(self.writer, "{comma}\"{name}\":").and_then(|()| value(&mut *self.writer));
        }
    }
}

impl Visit for Object<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.field(field, |writer| write!(writer, "{value:?}"));
        } else {
            self.field(field, |writer| writer.write_str("null"));
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.field(field, |writer| write!(writer, "{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.field(field, |writer| write!(writer, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.field(field, |writer| write!(writer, "{value}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field, |writer| text(writer, format_args!("{value}")));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.field(field, |writer| text(writer, format_args!("{value:?}")));
    }
}

fn text(writer: &mut dyn Write, value: fmt::Arguments<'_>) -> fmt::Result {
    writer.write_char('"')?;
    Escaped(writer).write_fmt(value)?;
    writer.write_char('"')
}

/// What is written to it lies within quotation marks.
struct Escaped<'a>(&'a mut dyn Write);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(|one: char| one == '"' || one == '\\' || one.is_ascii_control()) {
            let (plain, from) = rest.split_at(at);
            self.0.write_str(plain)?;
            let mut letters = from.chars();
            match letters.next() {
                Some(one @ ('"' | '\\')) => write!(self.0, "\\{one}")?,
                Some(one) => write!(self.0, "\\u{:04x}", u32::from(one))?,
                None => {}
            }
            rest = letters.as_str();
        }
        self.0.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};
    use tracing::{field, info, info_span};
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn a_line_shows_the_fields_of_its_spans_whatever_is_in_them() {
        let (mut lines, writer) = std::io::pipe().unwrap();
        let layer = tracing_subscriber::fmt::layer()
            .json()
            .with_span_list(true)
            .fmt_fields(SpanFields)
            .with_writer(Arc::new(writer));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let text = "a \"b\" \\ c\nd\te\u{1}\u{7f} é 🌅";
            let outer = info_span!("outer", text, count = 7_u64, less = -7_i64, share = 0.5, is = true);
            let _outer = outer.enter();
            let inner = info_span!("inner", shown = %"x\"y", debug = ?Some("z"), later = field::Empty);
            inner.record("later", "now");
            let _inner = inner.enter();
            let empty = info_span!("empty", later = field::Empty, again = field::Empty);
            empty.record("later", 1);
            empty.record("again", f64::NAN);
            let _empty = empty.enter();
            info!("said");
        });
        let line: Value = serde_json::from_reader(&mut lines).unwrap();
        let expected = json!([
            { "name": "outer", "text": "a \"b\" \\ c\nd\te\u{1}\u{7f} é 🌅", "count": 7, "less": -7, "share": 0.5, "is": true },
            { "name": "inner", "shown": "x\"y", "debug": "Some(\"z\")", "later": "now" },
            { "name": "empty", "later": 1, "again": null },
        ]);
        assert_eq!(line["spans"], expected);
    }
}
