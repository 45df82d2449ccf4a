//! News: each piece kept as it came, the latest of its kind on the record of what it is about, and what it changes
//! in conversations.

use super::apply::{Applier, Tally};
use super::news::News;
use super::pieces::Piece;
use crate::domain::conversation::Change;
use crate::domain::event::Event;
use crate::domain::position::Position;
use crate::people::conversation_id;
use crate::storage::Error;
use crate::storage::arrivals::Arrival;
use crate::storage::contacts::BookEntry;
use crate::storage::conversations::NewConversation;
use crate::storage::events::Happening;
use crate::storage::notices::{Latest, NOTICES, Notice, Subject, new_notice};
use crate::storage::template_state::template_key;

impl Applier {
    /// Stores the news of a batch.
    pub(super) async fn store_news(
        &self,
        pieces: &[Piece<'_, News<'_>>],
        tally: &mut Tally<'_>,
    ) -> Result<(), Error> {
        let (mut fresh, mut places) = (Vec::with_capacity(pieces.len()), Vec::with_capacity(pieces.len()));
        for piece in pieces {
            match new_notice(&notice(piece, tally), &piece.came) {
                Ok(document) => {
                    fresh.push(document);
                    places.push(piece);
                }
                Err(error) => tally.refuse(piece, &error),
            }
        }
        let arrivals = self.arrivals.store(NOTICES.name, fresh, &mut tally.seen).await?;
        let mut ours = Vec::new();
        for (piece, arrival) in places.into_iter().zip(arrivals) {
            self.count(piece, piece.what.kind, &arrival);
            match &arrival {
                Arrival::Refused(error) => tally.refuse(piece, error),
                arrival if arrival.is_ours() => ours.push(piece),
                _ => {}
            }
        }
        tally.ours.extend(ours.iter().map(|piece| piece.at));
        for piece in &ours {
            let happening = Happening::Notice {
                notice: piece.key.clone(),
                kind: piece.what.kind.to_owned(),
                number: piece.what.is_about_number.then_some(piece.number.id),
            };
            tally.happenings.push((piece.at, piece.number.workspace, happening));
            if let Subject::Template { account_id, template_id } = &piece.what.subject {
                let template = template_key(piece.number.workspace, template_id);
                let happening = Happening::Template { template, account: account_id.clone() };
                tally.happenings.push((piece.at, piece.number.workspace, happening));
            }
        }
        self.note_subjects(&ours, tally).await?;
        self.note_book(&ours, tally).await?;
        self.change_conversations(&ours, tally).await
    }

    async fn note_subjects(&self, pieces: &[&Piece<'_, News<'_>>], tally: &Tally<'_>) -> Result<(), Error> {
        let subjects: Vec<Subject> = pieces
            .iter()
            .map(|piece| match tally.contact(piece.at) {
                Some(contact) if piece.what.is_about_person => Subject::Contact(contact),
                _ => piece.what.subject.clone(),
            })
            .collect();
        let latest: Vec<Latest<'_>> = pieces
            .iter()
            .zip(&subjects)
            .map(|(piece, subject)| Latest {
                subject,
                workspace: piece.number.workspace,
                number: piece.what.is_about_number.then_some(piece.number.id),
                contact: tally.contact(piece.at),
                kind: &piece.what.latest,
                came: piece.came,
                event: &piece.item.event,
            })
            .collect();
        match self.storage.note_latest(&latest).await {
            // Somebody else makes the same record; now it is there.
            Err(Error::Conflict) => self.storage.note_latest(&latest).await,
            outcome => outcome,
        }
    }

    async fn note_book(&self, pieces: &[&Piece<'_, News<'_>>], tally: &Tally<'_>) -> Result<(), Error> {
        let entries: Vec<BookEntry<'_>> = pieces
            .iter()
            .filter_map(|piece| {
                let Event::AddressBook { full_name, first_name, removed, .. } = &piece.item.event else {
                    return None;
                };
                Some(BookEntry {
                    contact: tally.contact(piece.at)?,
                    full_name: full_name.as_deref(),
                    first_name: first_name.as_deref(),
                    removed: *removed,
                    at_s: piece.came.position.second,
                    order: piece.came.position.order,
                })
            })
            .collect();
        self.storage.note_book_entries(&entries).await
    }

    /// A handover changes who leads a conversation; a customer's call opens its window.
    async fn change_conversations(
        &self,
        pieces: &[&Piece<'_, News<'_>>],
        tally: &mut Tally<'_>,
    ) -> Result<(), Error> {
        let (mut new, mut changes) = (Vec::new(), Vec::new());
        for piece in pieces {
            let position = piece.came.position;
            let Some(change) = conversation_change(&piece.item.event, position) else { continue };
            let Some(contact) = tally.contact(piece.at) else { continue };
            let id = conversation_id(piece.number.id, contact.as_bytes());
            new.push(NewConversation {
                id,
                workspace: piece.number.workspace,
                number: piece.number.id,
                contact: Some(contact),
                group_id: None,
                at_s: position.second,
            });
            changes.push((id, change));
        }
        self.ensure_conversations(new).await?;
        tally.applied.changes.extend(changes);
        Ok(())
    }
}

/// How news changes the conversation with its person, which is made if there is none.
pub(super) fn conversation_change(event: &Event<'_>, position: Position) -> Option<Change> {
    match event {
        Event::Handover { taken, new_role, .. } => {
            Some(Change::of_handover(position, *taken, new_role.as_deref()))
        }
        Event::Call(call) if call.is_by_customer() => Some(Change::of_call(position.second)),
        _ => None,
    }
}

fn notice<'a>(piece: &'a Piece<'_, News<'_>>, tally: &Tally<'_>) -> Notice<'a> {
    Notice {
        key: piece.key.clone(),
        workspace: piece.number.workspace,
        number: piece.what.is_about_number.then_some(piece.number.id),
        account_id: piece.item.account_id.as_deref(),
        field: &piece.item.field,
        kind: piece.what.kind,
        contact: tally.contact(piece.at),
        event: &piece.item.event,
        raw: piece.item.raw,
    }
}
