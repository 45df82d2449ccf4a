//! Pages of a list: Relay connections, paged by a key and never by a count.
//!
//! `first` and `after` go down the list, `last` and `before` up. Not both in one request: no page is meant by that.

use async_graphql::connection::{Connection, CursorType, Edge, EmptyFields};
use async_graphql::{Error, OutputType};
use data_encoding::BASE64URL_NOPAD;
use uuid::Uuid;

use crate::domain::position::Position;
use crate::storage::call_record::CallPlace;
use crate::storage::contact_record::ContactPlace;
use crate::storage::conversation_record::ConversationPlace;
use crate::storage::message_record::MessagePlace;
use crate::storage::notes::NotePlace;
use crate::storage::notice_record::NoticePlace;
use crate::storage::page::Way;
use crate::storage::search::SearchPlace;

/// The most that one page holds, and what it holds when nobody says.
pub const PAGE_MAX: usize = 100;
pub const PAGE_USUAL: usize = 50;

/// The longest key of ours or Meta's that a cursor holds.
const CURSOR_BYTES_MAX: usize = 2_048;

/// A page of a list whose cursors are `P`.
pub type Page<P, N> = Connection<P, N, EmptyFields, EmptyFields>;

/// What a page of a list costs: as often what an entry costs as it may have entries.
pub fn cost(first: Option<i32>, last: Option<i32>, child: usize) -> usize {
    let wanted = first.or(last).map(|wanted| usize::try_from(wanted).unwrap_or(0));
    wanted.unwrap_or(PAGE_USUAL).min(PAGE_MAX).saturating_mul(child)
}

/// The part of a list that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch<P> {
    pub from: Option<P>,
    /// Down the list is to what is older.
    pub way: Way,
    size: usize,
}

/// The arguments of a list.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
}

impl<P: CursorType<Error = Foreign> + Send + Sync> Stretch<P> {
    /// What these arguments ask for.
    pub fn of(asked: Asked) -> Result<Self, Error> {
        let Asked { first, after, last, before } = asked;
        if (first.is_some() || after.is_some()) && (last.is_some() || before.is_some()) {
            return Err(Error::new("Give `first` and `after`, or `last` and `before`: not both."));
        }
        let way = if last.is_some() || before.is_some() { Way::Newer } else { Way::Older };
        let size = match first.or(last) {
            None => PAGE_USUAL,
            Some(wanted) => {
                let wanted = usize::try_from(wanted);
                wanted.map_err(|_| Error::new("A page cannot hold fewer than none."))?.min(PAGE_MAX)
            }
        };
        let from = after.or(before).map(|text| P::decode_cursor(&text)).transpose();
        Ok(Self { from: from.map_err(|foreign| Error::new(foreign.to_string()))?, way, size })
    }

    /// How many the page holds.
    pub fn size(&self) -> usize {
        self.size
    }

    /// How many are to be read: one more than the page holds, to see whether there are more.
    pub fn limit(&self) -> i64 {
        i64::try_from(self.size).unwrap_or(i64::MAX).saturating_add(1)
    }

    /// The page, from what was read, the nearest to the place first.
    pub fn page<R, N: OutputType>(
        self,
        mut records: Vec<R>,
        place: impl Fn(&R) -> P,
        nodes: impl FnOnce(Vec<R>) -> Vec<N>,
    ) -> Page<P, N> {
        let has_more = records.len() > self.size;
        records.truncate(self.size);
        let is_up = self.way == Way::Newer;
        if is_up {
            records.reverse();
        }
        let came_from = self.from.is_some();
        let (has_newer, has_older) = if is_up { (has_more, came_from) } else { (came_from, has_more) };
        let mut page = Connection::new(has_newer, has_older);
        let places: Vec<P> = records.iter().map(place).collect();
        page.edges =
            places.into_iter().zip(nodes(records)).map(|(place, node)| Edge::new(place, node)).collect();
        page
    }
}

/// Not a cursor that we have given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("That cursor is not one of this list.")]
pub struct Foreign;

fn encode(list: u8, number: i64, rest: &[u8]) -> String {
    let mut bytes = vec![list];
    bytes.extend_from_slice(&number.to_be_bytes());
    bytes.extend_from_slice(rest);
    BASE64URL_NOPAD.encode(&bytes)
}

fn decode(list: u8, text: &str) -> Result<(i64, Vec<u8>), Foreign> {
    if text.len() > CURSOR_BYTES_MAX {
        return Err(Foreign);
    }
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| Foreign)?;
    let (head, rest) = bytes.split_first_chunk::<9>().ok_or(Foreign)?;
    match head {
        [first, number @ ..] if *first == list => Ok((i64::from_be_bytes(*number), rest.to_vec())),
        _ => Err(Foreign),
    }
}

/// The cursors of a list: the letter by which it is told from others, and the parts of its key.
macro_rules! cursors {
    ($($list:literal $cursor:ident($key:ty) = |$encoded:ident| $parts:expr, |$number:ident, $rest:ident| $decoded:expr;)*) => {
        $(
            /// A place in a list, which means nothing to the caller.
            #[derive(Clone, Debug, PartialEq, Eq)]
            pub struct $cursor(pub $key);

            impl CursorType for $cursor {
                type Error = Foreign;

                fn decode_cursor(text: &str) -> Result<Self, Foreign> {
                    let ($number, $rest) = decode($list, text)?;
                    Ok(Self($decoded))
                }

                fn encode_cursor(&self) -> String {
                    let $encoded = &self.0;
                    let (number, rest) = $parts;
                    encode($list, number, &rest)
                }
            }
        )*
    };
}

cursors! {
    b'n' Place(i64) = |key| (*key, Vec::new()), |number, rest| rest.is_empty().then_some(number).ok_or(Foreign)?;
    b'm' MessageCursor(MessagePlace) = |key| {
        let order = key.position.order.to_be_bytes();
        (key.position.second, [order.as_slice(), key.id.as_bytes()].concat())
    }, |number, rest| {
        let (order, id) = rest.split_first_chunk::<8>().ok_or(Foreign)?;
        let position = Position { second: number, order: i64::from_be_bytes(*order) };
        MessagePlace { position, id: text(id.to_vec())? }
    };
    b'v' ConversationCursor(ConversationPlace) = |key| (key.last_at_s, key.id.as_bytes().to_vec()),
        |number, rest| ConversationPlace { last_at_s: number, id: uuid(&rest)? };
    b'c' ContactCursor(ContactPlace) = |key| (key.created_ms, key.id.as_bytes().to_vec()),
        |number, rest| ContactPlace { created_ms: number, id: uuid(&rest)? };
    b'o' NoticeCursor(NoticePlace) = |key| (key.received_ms, key.id.as_bytes().to_vec()),
        |number, rest| NoticePlace { received_ms: number, id: text(rest)? };
    b'l' CallCursor(CallPlace) = |key| (key.at_s, key.id.as_bytes().to_vec()),
        |number, rest| CallPlace { at_s: number, id: text(rest)? };
    b's' SearchCursor(SearchPlace) = |key| (key.at_s, key.key.as_bytes().to_vec()),
        |number, rest| SearchPlace { at_s: number, key: text(rest)? };
    b'k' NoteCursor(NotePlace) = |key| (key.at_ms, key.id.as_bytes().to_vec()),
        |number, rest| NotePlace { at_ms: number, id: uuid(&rest)? };
    b't' TemplateCursor(String) = |key| (0, key.as_bytes().to_vec()),
        |number, rest| if number == 0 { text(rest)? } else { Err(Foreign)? };
}

fn uuid(bytes: &[u8]) -> Result<Uuid, Foreign> {
    Uuid::from_slice(bytes).map_err(|_| Foreign)
}

fn text(bytes: Vec<u8>) -> Result<String, Foreign> {
    String::from_utf8(bytes).map_err(|_| Foreign)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads_back<P: CursorType<Error = Foreign> + PartialEq + std::fmt::Debug>(place: &P) {
        let text = place.encode_cursor();
        assert_eq!(P::decode_cursor(&text).as_ref(), Ok(place));
        for end in 0..text.len() {
            let cut = P::decode_cursor(text.get(..end).unwrap());
            assert!(cut.as_ref() != Ok(place), "{text} cut at {end}");
        }
    }

    #[test]
    fn a_cursor_leads_back_and_any_other_text_does_not() {
        for number in [0, 1, -1, i64::MAX, i64::MIN] {
            leads_back(&Place(number));
            let position = Position { second: number, order: !number };
            leads_back(&MessageCursor(MessagePlace { position, id: "1:wamid.a".to_owned() }));
            let id = Uuid::from_u128(7);
            leads_back(&ConversationCursor(ConversationPlace { last_at_s: number, id }));
            leads_back(&ContactCursor(ContactPlace { created_ms: number, id }));
            leads_back(&NoteCursor(NotePlace { at_ms: number, id }));
            leads_back(&NoticeCursor(NoticePlace { received_ms: number, id: "a".to_owned() }));
            leads_back(&CallCursor(CallPlace { at_s: number, id: "1:wacid.ä".to_owned() }));
        }
        leads_back(&TemplateCursor("w:1".to_owned()));
        leads_back(&SearchCursor(SearchPlace { at_s: 5, key: "m:1:wamid.ä".to_owned() }));
        for text in ["", "AAAA", "1", "YQAAAAAAAAAA", "not base64!", &"A".repeat(10_000)] {
            assert_eq!(Place::decode_cursor(text), Err(Foreign), "{text}");
        }
        let of_another_list = Place(5).encode_cursor();
        assert_eq!(MessageCursor::decode_cursor(&of_another_list), Err(Foreign));
        assert_eq!(TemplateCursor::decode_cursor(&of_another_list), Err(Foreign));
    }

    #[test]
    fn a_page_is_asked_for_one_way_and_never_too_large() {
        let of = |first, after: Option<&str>, last, before: Option<&str>| {
            let (after, before) = (after.map(str::to_owned), before.map(str::to_owned));
            Stretch::<Place>::of(Asked { first, after, last, before })
        };
        let cursor = Place(5).encode_cursor();
        let stretch = |from, way, size| Stretch { from, way, size };
        assert_eq!(of(None, None, None, None).ok(), Some(stretch(None, Way::Older, PAGE_USUAL)));
        assert_eq!(of(Some(1_000), None, None, None).ok(), Some(stretch(None, Way::Older, PAGE_MAX)));
        assert_eq!(of(None, None, Some(3), Some(&cursor)).ok(), Some(stretch(Some(Place(5)), Way::Newer, 3)));
        for refused in [
            of(Some(-1), None, None, None),
            of(Some(1), None, Some(1), None),
            of(None, Some(&cursor), None, Some(&cursor)),
            of(None, Some("x"), None, None),
        ] {
            assert!(refused.is_err());
        }
        assert_eq!((cost(None, None, 3), cost(Some(1_000), None, 3), cost(None, Some(-1), 3)), (150, 300, 0));
    }
}
