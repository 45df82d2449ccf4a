//! News about groups: how they live, who comes and goes, what was changed in them and what was refused.

use super::people::{faults, person};
use super::{int, text};
use crate::domain::Str;
use crate::domain::account::{FailedParticipant, GroupNews, SettingChange};
use crate::domain::event::Event;
use crate::domain::person::Person;
use crate::meta::wire;

pub(super) fn group_event<'a>(group: wire::Group<'a>, people: &[Person<'a>]) -> Event<'a> {
    let has_errors = group.errors.as_ref().is_some_and(|errors| !errors.is_empty());
    let subject_change = group.group_subject.map(|setting| setting_change(setting, has_errors));
    let description_change = group.group_description.map(|setting| setting_change(setting, has_errors));
    // Without an id, whoever is introduced is not thereby an applicant.
    let applicant = match (text(group.wa_id), text(group.user_id)) {
        (None, None) => None,
        (wa_id, user_id) => Some(person(wa_id, user_id, None, people)),
    };
    let failed = group.failed_participants.unwrap_or_default().into_iter();
    Event::Group(Box::new(GroupNews {
        group_id: text(group.group_id),
        kind: text(group.kind),
        at_s: int(group.timestamp),
        request_id: text(group.request_id),
        subject: text(group.subject).or_else(|| done(subject_change.as_ref())),
        description: text(group.description).or_else(|| done(description_change.as_ref())),
        subject_change,
        description_change,
        picture_change: group.profile_picture.map(|setting| setting_change(setting, has_errors)),
        invite_link: text(group.invite_link),
        join_approval_mode: text(group.join_approval_mode),
        reason: text(group.reason),
        initiated_by: text(group.initiated_by),
        join_request_id: text(group.join_request_id),
        applicant,
        added: participants(group.added_participants),
        removed: participants(group.removed_participants),
        failed: failed.map(failed_participant).collect(),
        faults: faults(group.errors),
    }))
}

/// Meta (2026-07): some samples do not say whether a change was made; those without an error, of its own or of the whole,
/// were.
fn setting_change(setting: wire::GroupSetting<'_>, has_errors: bool) -> SettingChange<'_> {
    let faults = faults(setting.errors);
    SettingChange {
        text: text(setting.text),
        mime_type: text(setting.mime_type),
        sha256: text(setting.sha256),
        is_done: setting.update_successful.map_or(faults.is_empty() && !has_errors, |truth| truth.0),
        faults,
    }
}

/// The text that a setting has now, if the change was made.
fn done<'a>(change: Option<&SettingChange<'a>>) -> Option<Str<'a>> {
    change.filter(|change| change.is_done).and_then(|change| change.text.clone())
}

fn participants(list: Option<Vec<wire::Participant<'_>>>) -> Vec<Person<'_>> {
    list.unwrap_or_default().into_iter().map(participant).collect()
}

fn failed_participant(mut one: wire::Participant<'_>) -> FailedParticipant<'_> {
    let faults = faults(one.errors.take());
    FailedParticipant { person: participant(one), faults }
}

fn participant(one: wire::Participant<'_>) -> Person<'_> {
    Person {
        wa_id: text(one.wa_id),
        user_id: text(one.user_id),
        parent_user_id: text(one.parent_user_id),
        phone: text(one.input),
        ..Person::default()
    }
}
