//! What is neither a message nor a status: what each piece of news is about, whom it concerns, and under which
//! name the latest of its kind is kept.

use crate::domain::account::{AccountNews, NumberNews, TemplateChange};
use crate::domain::content::{Content, SystemChange};
use crate::domain::event::Event;
use crate::domain::message::Message;
use crate::domain::person::Person;
use crate::domain::status::Outcome;
use crate::meta::decode::Item;
use crate::storage::notices::Subject;
use crate::storage::numbers::Number;

/// What a piece of news says.
#[derive(Debug)]
pub struct News<'a> {
    /// Its kind, in the interface and in the database.
    pub kind: &'static str,
    pub subject: Subject,
    /// Whether it concerns one number, and not the whole account.
    pub is_about_number: bool,
    /// Whether it is about the person instead, once it is known who that is.
    pub is_about_person: bool,
    /// The name of the latest of its kind on the subject's record.
    pub latest: String,
    pub person: Option<&'a Person<'a>>,
    /// The names that the person has from now on.
    pub becomes: Option<&'a Person<'a>>,
    pub at_s: Option<i64>,
}

/// What an item says that is neither about a message nor one; nothing for those and for what is not understood.
pub fn news_of<'a>(item: &'a Item<'a>, number: &Number, is_about_number: bool) -> Option<News<'a>> {
    let news = news_of_event(item, number, is_about_number)?;
    Some(News { is_about_number, ..news })
}

fn news_of_event<'a>(item: &'a Item<'a>, number: &Number, is_about_number: bool) -> Option<News<'a>> {
    let here = Subject::Number(number.id);
    let account = || match item.account_id.as_deref() {
        Some(id) => Subject::Account(id.to_owned()),
        None => Subject::Number(number.id),
    };
    Some(match &item.event {
        Event::Message(_) | Event::Unrecognised { .. } => return None,
        Event::Status(status) => {
            let Outcome::Call { status: step } = &status.outcome else { return None };
            let subject = Subject::Call {
                phone_number_id: number.phone_number_id.clone(),
                call_id: status.wamid.as_ref().to_owned(),
            };
            let person = status.recipient.is_identified().then_some(&status.recipient);
            News { latest: joined("", Some(step)), person, ..plain("call", subject, Some(status.at_s)) }
        }
        Event::HistoryProgress { .. } => plain("historyProgress", here, None),
        Event::AddressBook { person, at_s, .. } => {
            News { person: Some(person), ..plain("addressBook", Subject::Nothing, *at_s) }
        }
        Event::UserId { person, previous, at_s, .. } => {
            News { person: Some(previous), becomes: Some(person), ..plain("userId", Subject::Nothing, *at_s) }
        }
        Event::Preference { person, category, at_s, .. } => News {
            person: Some(person),
            is_about_person: true,
            latest: joined("preference", category.as_deref()),
            ..plain("preference", Subject::Nothing, *at_s)
        },
        Event::LinkClick { at_s, .. } => plain("linkClick", Subject::Nothing, *at_s),
        Event::Conversion { at_s, .. } => plain("conversion", Subject::Nothing, *at_s),
        Event::Call(call) => {
            let subject = Subject::Call {
                phone_number_id: number.phone_number_id.clone(),
                call_id: call.call_id.as_ref().to_owned(),
            };
            let latest = joined("", call.event.as_deref().or(call.status.as_deref()));
            let person = call.customer.is_identified().then_some(&call.customer);
            News { latest, person, ..plain("call", subject, call.at_s) }
        }
        Event::Group(group) => {
            let subject = group.group_id.as_deref().map_or(Subject::Nothing, |group_id| Subject::Group {
                phone_number_id: number.phone_number_id.clone(),
                group_id: group_id.to_owned(),
            });
            News { latest: joined("", group.kind.as_deref()), ..plain("group", subject, group.at_s) }
        }
        Event::Handover { customer, at_s, .. } => {
            let person = customer.is_identified().then_some(customer);
            News { person, ..plain("handover", Subject::Nothing, *at_s) }
        }
        Event::NumberFault(_) => plain("numberFault", here, None),
        Event::Template(_) | Event::Number(_) | Event::Account(_) => {
            return news_of_account(item, here, account(), is_about_number);
        }
    })
}

/// The same for what concerns the account, its numbers and its templates.
fn news_of_account<'a>(
    item: &'a Item<'a>,
    number: Subject,
    account: Subject,
    is_about_number: bool,
) -> Option<News<'a>> {
    Some(match &item.event {
        Event::Template(template) => {
            let latest = match &template.change {
                TemplateChange::Status { .. } => "status",
                TemplateChange::Quality { .. } => "quality",
                TemplateChange::Components { .. } => "components",
                TemplateChange::Category { .. } => "category",
                TemplateChange::WrongCategory { .. } => "wrongCategory",
            };
            let subject = match (&item.account_id, &template.template_id) {
                (Some(account_id), Some(template_id)) => Subject::Template {
                    account_id: account_id.as_ref().to_owned(),
                    template_id: template_id.as_ref().to_owned(),
                },
                _ => Subject::Nothing,
            };
            News { latest: latest.to_owned(), ..plain("template", subject, None) }
        }
        Event::Number(news) => {
            let latest = match news.as_ref() {
                NumberNews::Name { .. } => "name",
                NumberNews::Quality { .. } => "quality",
                NumberNews::Security { .. } => "security",
                NumberNews::Username { .. } => "username",
                NumberNews::Settings { .. } => "settings",
            };
            let subject = if is_about_number { number } else { account };
            News { latest: latest.to_owned(), ..plain("number", subject, None) }
        }
        Event::Account(news) => News { latest: account_latest(news), ..plain("account", account, None) },
        _ => return None,
    })
}

fn plain(kind: &'static str, subject: Subject, at_s: Option<i64>) -> News<'static> {
    News {
        kind,
        subject,
        is_about_number: false,
        is_about_person: false,
        latest: kind.to_owned(),
        person: None,
        becomes: None,
        at_s,
    }
}

fn account_latest(news: &AccountNews<'_>) -> String {
    match news {
        AccountNews::Update(update) => joined("update", update.event.as_deref()),
        AccountNews::Alert { kind, .. } => joined("alert", kind.as_deref()),
        AccountNews::Review { .. } => "review".to_owned(),
        AccountNews::Capability { .. } => "capability".to_owned(),
        AccountNews::PartnerSolution { solution_id, .. } => joined("partnerSolution", solution_id.as_deref()),
        AccountNews::PaymentConfiguration { name, .. } => joined("paymentConfiguration", name.as_deref()),
        AccountNews::Flow(flow) => joined("flow", flow.flow_id.as_deref()),
    }
}

/// A name for a field of a document: Meta's words in it are made harmless.
fn joined(prefix: &str, word: Option<&str>) -> String {
    let word: String = word
        .unwrap_or("other")
        .chars()
        .take(60)
        .map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' })
        .collect();
    if prefix.is_empty() { word } else { format!("{prefix}_{word}") }
}

/// The names that a message says its writer has from now on.
pub fn becomes<'a>(message: &Message<'a>) -> Option<Person<'a>> {
    let Content::System(system) = &message.content else { return None };
    match &system.change {
        SystemChange::Number { new_wa_id } => {
            Some(Person { wa_id: Some(new_wa_id.clone()?), ..Person::default() })
        }
        SystemChange::UserId { user_id, parent_user_id, wa_id } => Some(Person {
            user_id: user_id.clone(),
            parent_user_id: parent_user_id.clone(),
            wa_id: wa_id.clone(),
            ..Person::default()
        }),
        SystemChange::Identity | SystemChange::Unrecognised { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_meta_become_names_of_fields() {
        assert_eq!(joined("update", Some("ACCOUNT.RESTRICTION")), "update_account_restriction");
        assert_eq!(joined("", Some("$where")), "_where");
        assert_eq!(joined("alert", None), "alert_other");
    }
}
