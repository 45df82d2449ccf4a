//! Work on conversations: in which state one is, what is done to it, and the rules for what people write: labels, notes,
//! attributes, names of users.

/// Where a conversation stands with those who work on it. One that nobody has put anywhere is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    Open,
    /// Out of sight until a time, or until the customer writes.
    Snoozed,
    Resolved,
    /// Out of all lists, unless one asks for it.
    Archived,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Open, Self::Snoozed, Self::Resolved, Self::Archived];
    /// Those that a list holds when nobody says which.
    pub const USUAL: [Self; 3] = [Self::Open, Self::Snoozed, Self::Resolved];

    /// Its name in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Snoozed => "snoozed",
            Self::Resolved => "resolved",
            Self::Archived => "archived",
        }
    }

    /// The status of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// Something that is done to a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Work {
    Read,
    Unread,
    Assigned,
    Unassigned,
    Labelled,
    Attributes,
    NoteAdded,
    NoteEdited,
    NoteDeleted,
    Snoozed,
    /// A snooze has ended by itself.
    Woken,
    Resolved,
    Reopened,
    Archived,
}

impl Work {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::Read,
        Self::Unread,
        Self::Assigned,
        Self::Unassigned,
        Self::Labelled,
        Self::Attributes,
        Self::NoteAdded,
        Self::NoteEdited,
        Self::NoteDeleted,
        Self::Snoozed,
        Self::Woken,
        Self::Resolved,
        Self::Reopened,
        Self::Archived,
    ];

    /// Its name in the log of events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Unread => "unread",
            Self::Assigned => "assigned",
            Self::Unassigned => "unassigned",
            Self::Labelled => "labelled",
            Self::Attributes => "attributes",
            Self::NoteAdded => "noteAdded",
            Self::NoteEdited => "noteEdited",
            Self::NoteDeleted => "noteDeleted",
            Self::Snoozed => "snoozed",
            Self::Woken => "woken",
            Self::Resolved => "resolved",
            Self::Reopened => "reopened",
            Self::Archived => "archived",
        }
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|work| work.name() == name)
    }
}

pub const LABEL_CHARS_MAX: usize = 40;
/// The most labels on one conversation.
pub const LABELS_MAX: usize = 20;
/// The most labels of one workspace.
pub const WORKSPACE_LABELS_MAX: usize = 500;
pub const LABEL_DESCRIPTION_CHARS_MAX: usize = 200;
pub const NOTE_CHARS_MAX: usize = 10_000;
pub const ATTRIBUTES_MAX: usize = 50;
pub const ATTRIBUTE_KEY_CHARS_MAX: usize = 40;
pub const ATTRIBUTE_VALUE_CHARS_MAX: usize = 500;
pub const USER_ID_CHARS_MAX: usize = 200;
pub const USER_NAME_CHARS_MAX: usize = 100;
/// How far ahead a conversation can be snoozed.
pub const SNOOZE_MS_MAX: i64 = 366 * 24 * 3_600_000;

/// A label as it is kept: lower case, single spaces. The sentence says what is wrong with it.
pub fn label(text: &str) -> Result<String, &'static str> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let count = name.chars().count();
    if count == 0 || count > LABEL_CHARS_MAX || name.contains(char::is_control) {
        return Err("A label has from 1 to 40 characters, on one line.");
    }
    Ok(name)
}

/// A colour as it is kept: `#` and six small hexadecimal digits.
pub fn colour(text: &str) -> Result<String, &'static str> {
    let digits = text.strip_prefix('#').unwrap_or_default();
    if digits.len() != 6 || !digits.chars().all(|digit| digit.is_ascii_hexdigit()) {
        return Err("A colour is written like #2f80ed.");
    }
    Ok(text.to_ascii_lowercase())
}

/// A note as it is kept: without empty space around it.
pub fn note(text: &str) -> Result<&str, &'static str> {
    let text = text.trim();
    let is_good = !text.is_empty()
        && text.chars().count() <= NOTE_CHARS_MAX
        && !text.contains(|letter: char| letter.is_control() && !matches!(letter, '\n' | '\t' | '\r'));
    if is_good { Ok(text) } else { Err("A note has from 1 to 10,000 characters.") }
}

/// Whether a text can be the key of an attribute.
pub fn is_attribute_key(key: &str) -> bool {
    key.len() <= ATTRIBUTE_KEY_CHARS_MAX
        && key.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && key.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-'))
}

/// Whether a text can be the value of an attribute.
pub fn is_attribute_value(value: &str) -> bool {
    !value.is_empty() && value.chars().count() <= ATTRIBUTE_VALUE_CHARS_MAX && !value.contains('\0')
}

/// Whether a text of one line has a character at least and this many at most.
pub fn is_line(text: &str, chars_max: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= chars_max && !text.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        assert!(Status::ALL.iter().all(|status| Status::named(status.name()) == Some(*status)));
        assert!(Work::ALL.iter().all(|work| Work::named(work.name()) == Some(*work)));
        assert_eq!((Status::named(""), Work::named("Read")), (None, None));
    }

    #[test]
    fn a_label_is_the_same_however_it_is_spelled() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(label(text).ok().as_deref(), expected, "{text:?}");
        };
        check("  VIP \t Pelanggan ", Some("vip pelanggan"));
        check("Größe", Some("größe"));
        check(&"ä".repeat(40), Some(&"ä".repeat(40)));
        check(&"ä".repeat(41), None);
        check(" \n ", None);
        check("a\u{7}b", None);
    }

    #[test]
    fn texts_have_bounds() {
        assert_eq!(note("  a\nb "), Ok("a\nb"));
        assert!(note(&"n".repeat(NOTE_CHARS_MAX)).is_ok() && note(&"n".repeat(NOTE_CHARS_MAX + 1)).is_err());
        assert!(note(" ").is_err() && note("a\0b").is_err());
        assert_eq!(colour("#2F80ed").as_deref(), Ok("#2f80ed"));
        assert!(["2f80ed", "#2f80e", "#2f80eg", "#2f80ed0", ""].iter().all(|text| colour(text).is_err()));
        assert!(["orderId", "a", "crm_id-2"].iter().all(|key| is_attribute_key(key)));
        assert!(["", "1a", "a.b", "$a", "ä", &"a".repeat(41)].iter().all(|key| !is_attribute_key(key)));
        assert!(is_attribute_value("x") && !is_attribute_value("") && !is_attribute_value(&"x".repeat(501)));
        assert!(is_line("Budi", 4) && !is_line("Budi", 3) && !is_line(" ", 3) && !is_line("a\nb", 9));
    }
}
