//! Reading answers: generously field by field, strictly where nothing can be done without one.
//!
//! A field of another kind than expected counts as absent; a word that we do not know stays as it is. Only an answer
//! without the field that it is about (a message's id, a list) is unreadable.

use serde_json::{Map, Value};

use super::Graph;
use super::call::Call;
use super::error::{CallError, Refusal};

/// The most pages that are read of one list, and the most items asked for at once.
pub(super) const PAGES_MAX: usize = 200;
pub(super) const PAGE_ITEMS: usize = 100;

/// An object of an answer.
#[derive(Clone, Copy)]
pub(super) struct Fields<'v>(&'v Map<String, Value>);

impl<'v> Fields<'v> {
    pub(super) fn of(object: &'v Map<String, Value>) -> Self {
        Self(object)
    }

    pub(super) fn value(self, name: &str) -> Option<&'v Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text; also a number's.
    pub(super) fn text(self, name: &str) -> Option<String> {
        text_of(self.value(name)?)
    }

    /// A whole number, perhaps written as a text.
    pub(super) fn int(self, name: &str) -> Option<i64> {
        match self.value(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub(super) fn truth(self, name: &str) -> Option<bool> {
        match self.value(name)? {
            Value::Bool(truth) => Some(*truth),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// One of Meta's words, known or not.
    pub(super) fn word<W: From<String>>(self, name: &str) -> Option<W> {
        self.text(name).map(W::from)
    }

    /// An object inside.
    pub(super) fn inner(self, name: &str) -> Option<Fields<'v>> {
        self.value(name)?.as_object().map(Fields)
    }

    pub(super) fn one<T: Read>(self, name: &str) -> Option<T> {
        T::read(self.inner(name)?)
    }

    /// The items of a list that can be read; empty if there is none.
    pub(super) fn list<T: Read>(self, name: &str) -> Vec<T> {
        let items = self.value(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        items.iter().filter_map(Value::as_object).filter_map(|item| T::read(Fields(item))).collect()
    }

    pub(super) fn texts(self, name: &str) -> Vec<String> {
        let items = self.value(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        items.iter().filter_map(text_of).collect()
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What an answer becomes. None: the answer is not what was asked for.
pub(super) trait Read: Sized {
    fn read(fields: Fields<'_>) -> Option<Self>;
}

/// A change that was made.
pub(super) struct Done;

impl Read for Done {
    fn read(fields: Fields<'_>) -> Option<Self> {
        (fields.truth("success") == Some(true)).then_some(Self)
    }
}

/// Any object, as it came.
pub(super) struct Whole(pub(super) Map<String, Value>);

impl Read for Whole {
    fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self(fields.0.clone()))
    }
}

/// A list that came over one or several pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    pub items: Vec<T>,
    /// False: there is more, but the list was cut at a bound.
    pub is_whole: bool,
}

/// One page of a list.
struct Page<T> {
    items: Vec<T>,
    /// Where the next page begins, if there is one. Only the cursor is taken: the address that Meta gives with it
    /// holds a token, and need not be theirs.
    after: Option<String>,
}

impl<T: Read> Read for Page<T> {
    fn read(fields: Fields<'_>) -> Option<Self> {
        fields.value("data").filter(|data| data.is_array())?;
        let paging = fields.inner("paging");
        let after = paging
            .filter(|paging| paging.value("next").is_some())
            .and_then(|paging| paging.inner("cursors")?.text("after"))
            .filter(|after| !after.is_empty());
        Some(Self { items: fields.list("data"), after })
    }
}

impl Graph {
    /// Reads a list to its end, or to the bound.
    pub(super) async fn list<T: Read>(&self, call: Call<'_>) -> Result<Listed<T>, CallError> {
        let mut items = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let mut page_call = call.clone();
            if let Some(after) = &after {
                page_call = page_call.query("after", after.clone());
            }
            let page: Page<T> = self.read(&page_call).await?;
            items.extend(page.items);
            if page.after.is_none() || page.after == after {
                return Ok(Listed { items, is_whole: page.after.is_none() });
            }
            after = page.after;
        }
        Ok(Listed { items, is_whole: false })
    }

    /// As `list`, with fields as `node` has them.
    pub(super) async fn list_nodes<T: Read>(
        &self,
        call: Call<'_>,
        required: &[&'static str],
        optional: &[&'static str],
    ) -> Result<Listed<T>, CallError> {
        let mut asked = Asked { required, optional: optional.to_vec() };
        loop {
            match self.list(call.clone().query("fields", asked.names())).await {
                Err(error) if asked.leave_out(&error) => {}
                result => return result,
            }
        }
    }

    /// Reads an object. A field of `optional` that this version of Graph does not have is left out; one of `required`
    /// that the object does not have means that it is something else, and is refused.
    pub(super) async fn node<T: Read>(
        &self,
        call: Call<'_>,
        required: &[&'static str],
        optional: &[&'static str],
    ) -> Result<T, CallError> {
        let mut asked = Asked { required, optional: optional.to_vec() };
        loop {
            match self.read(&call.clone().query("fields", asked.names())).await {
                Err(error) if asked.leave_out(&error) => {}
                result => return result,
            }
        }
    }
}

/// The fields that a request names.
struct Asked<'f> {
    required: &'f [&'static str],
    optional: Vec<&'static str>,
}

impl Asked<'_> {
    fn names(&self) -> String {
        [self.required, self.optional.as_slice()].concat().join(",")
    }

    /// Leaves the field out that Meta does not know. Each turn leaves one out, so the turns are bounded.
    fn leave_out(&mut self, error: &CallError) -> bool {
        let unknown = error.refusal().and_then(Refusal::unknown_field);
        let at = unknown.and_then(|name| self.optional.iter().position(|field| *field == name));
        at.map(|at| self.optional.remove(at)).is_some()
    }
}
