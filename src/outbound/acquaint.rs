//! Under which names Meta knows whom we wrote to. Its answer says so, and a customer whose number was made longer
//! since (Brazil, Mexico, Argentina) writes back under the old one: without this they would be somebody else to us.

use tracing::warn;

use super::sender::Equipment;
use crate::domain::person::Person;
use crate::domain::phone::international_digits;
use crate::domain::position::Position;
use crate::meta::client::message::{Recipient, Sent};
use crate::people::Asked;
use crate::storage::outgoing::Outgoing;

impl Equipment {
    /// Notes what Meta calls the one who gets the message, if that is another name than ours.
    pub(super) async fn acquaint(&self, message: &Outgoing, sent: &Sent, now_ms: i64) {
        let [Recipient { input, wa_id, user_id }] = sent.recipients.as_slice() else { return };
        let phone = input.as_deref().and_then(|input| international_digits(input).ok());
        if user_id.is_none() && (phone.is_none() || phone == *wa_id) {
            return;
        }
        let person = Person {
            user_id: user_id.as_deref().map(Into::into),
            wa_id: wa_id.as_deref().map(Into::into),
            phone: phone.map(|digits| format!("+{digits}").into()),
            ..Person::default()
        };
        let Position { second: at_s, order } = Position::new(now_ms.div_euclid(1_000), now_ms, 0, 0);
        let asked = Asked { workspace: message.workspace, person: &person, becomes: None, at_s, order };
        // The next answer tells it again.
        if let Err(error) = self.people.find(&[asked]).await {
            warn!(%error, message = %message.id, "what Meta calls a customer cannot be noted now");
        }
    }
}
