//! Content of several parts that customers share: places, contacts, carts.

use async_graphql::SimpleObject;

use super::{Common, ContentType, own};
use crate::domain::content;

/// A place.
#[derive(Clone, Debug, SimpleObject)]
pub struct LocationContent {
    #[graphql(flatten)]
    pub(super) common: Common,
    /// In degrees, north is positive.
    latitude: Option<f64>,
    /// In degrees, east is positive.
    longitude: Option<f64>,
    /// What the place is called; null where only a point was shared.
    name: Option<String>,
    /// The place's postal address in one line, if the sender's map knows it.
    address: Option<String>,
    /// A web page about the place, if the sender's map knows one.
    url: Option<String>,
}

impl LocationContent {
    pub(super) fn new(location: content::Location<'static>) -> Self {
        let (name, address) = (own(location.name), own(location.address));
        Self {
            common: Common::of(ContentType::Location, name.clone().or_else(|| address.clone())),
            latitude: location.latitude,
            longitude: location.longitude,
            name,
            address,
            url: own(location.url),
        }
    }
}

/// Shared contacts.
#[derive(Clone, Debug, SimpleObject)]
pub struct ContactsContent {
    #[graphql(flatten)]
    pub(super) common: Common,
    /// The people that were shared, in the sender's order.
    cards: Vec<ContactCard>,
}

/// A shared contact.
#[derive(Clone, Debug, SimpleObject)]
pub struct ContactCard {
    /// The whole name, as it is to be shown.
    name: Option<String>,
    /// The given name alone; null if the card does not have it apart.
    first_name: Option<String>,
    /// The family name alone; null if the card does not have it apart.
    last_name: Option<String>,
    /// Where the person works.
    company: Option<String>,
    /// The part of the company that the person works in.
    department: Option<String>,
    /// The person's post at work.
    title: Option<String>,
    /// The day of birth as the sender wrote it, mostly like `1990-08-17`.
    birthday: Option<String>,
    /// The person's telephone numbers; empty if the card has none.
    phones: Vec<CardPhone>,
    /// The person's e-mail addresses; empty if the card has none.
    emails: Vec<CardEntry>,
    /// The person's web pages; empty if the card has none.
    urls: Vec<CardEntry>,
    /// The person's postal addresses; empty if the card has none.
    addresses: Vec<CardAddress>,
    /// The whole of it as a vCard, if it came as one.
    vcard: Option<String>,
    /// Whether the business had asked for it.
    is_on_request: bool,
}

/// A phone number of a shared contact.
#[derive(Clone, Debug, SimpleObject)]
pub struct CardPhone {
    /// As the sender's address book writes it, like `+62 812-3800-1122`.
    phone: Option<String>,
    /// The same as WhatsApp writes it, if the person is there.
    wa_id: Option<String>,
    /// What it is for, like `HOME`.
    label: Option<String>,
}

/// An e-mail or web address of a shared contact.
#[derive(Clone, Debug, SimpleObject)]
pub struct CardEntry {
    /// The address itself, as the sender wrote it.
    value: Option<String>,
    /// What it is for, like `WORK`.
    label: Option<String>,
}

/// An address of a shared contact.
#[derive(Clone, Debug, SimpleObject)]
pub struct CardAddress {
    /// Street and house number, as the sender wrote them.
    street: Option<String>,
    /// The town, as the sender wrote it.
    city: Option<String>,
    /// The province or federal state, as the sender wrote it.
    state: Option<String>,
    /// The postal code, as the sender wrote it.
    zip: Option<String>,
    /// The country by its full name, as the sender wrote it.
    country: Option<String>,
    /// The country in two letters, like `ID`, in upper or lower case.
    country_code: Option<String>,
    /// What it is for, like `WORK`.
    label: Option<String>,
}

impl ContactsContent {
    pub(super) fn new(cards: Vec<content::Card<'static>>) -> Self {
        let cards: Vec<ContactCard> = cards.into_iter().map(ContactCard::from).collect();
        let text = cards.first().and_then(|card| card.name.clone());
        Self { common: Common::of(ContentType::Contacts, text), cards }
    }
}

impl From<content::Card<'static>> for ContactCard {
    fn from(card: content::Card<'static>) -> Self {
        Self {
            name: own(card.formatted_name),
            first_name: own(card.first_name),
            last_name: own(card.last_name),
            company: own(card.company),
            department: own(card.department),
            title: own(card.title),
            birthday: own(card.birthday),
            phones: card
                .phones
                .into_iter()
                .map(|phone| CardPhone {
                    phone: own(phone.phone),
                    wa_id: own(phone.wa_id),
                    label: own(phone.kind),
                })
                .collect(),
            emails: card.emails.into_iter().map(CardEntry::from).collect(),
            urls: card.urls.into_iter().map(CardEntry::from).collect(),
            addresses: card.addresses.into_iter().map(CardAddress::from).collect(),
            vcard: own(card.vcard),
            // Meta (2026-07): `contact_request`.
            is_on_request: card.origin.as_deref() == Some("contact_request"),
        }
    }
}

impl From<content::CardEntry<'static>> for CardEntry {
    fn from(entry: content::CardEntry<'static>) -> Self {
        Self { value: own(entry.value), label: own(entry.kind) }
    }
}

impl From<content::CardAddress<'static>> for CardAddress {
    fn from(address: content::CardAddress<'static>) -> Self {
        Self {
            street: own(address.street),
            city: own(address.city),
            state: own(address.state),
            zip: own(address.zip),
            country: own(address.country),
            country_code: own(address.country_code),
            label: own(address.kind),
        }
    }
}

/// A cart.
#[derive(Clone, Debug, SimpleObject)]
pub struct OrderContent {
    #[graphql(flatten)]
    pub(super) common: Common,
    /// Meta's id of the catalogue that the products are of.
    catalog_id: Option<String>,
    /// What the customer wants to buy, a product each, in Meta's order.
    items: Vec<OrderItem>,
}

/// A line of a cart.
#[derive(Clone, Debug, SimpleObject)]
pub struct OrderItem {
    /// The business's own id of the product in the catalogue (SKU).
    product_retailer_id: Option<String>,
    /// How many of it.
    quantity: Option<f64>,
    /// What one of them costs, in units of `currency` and not in cents.
    price: Option<f64>,
    /// The currency of the price in three letters, like `IDR`.
    currency: Option<String>,
}

impl OrderContent {
    pub(super) fn new(order: content::Order<'static>) -> Self {
        let items = order.items.into_iter().map(|item| OrderItem {
            product_retailer_id: own(item.product_retailer_id),
            quantity: item.quantity,
            price: item.price,
            currency: own(item.currency),
        });
        Self {
            common: Common::of(ContentType::Order, own(order.text)),
            catalog_id: own(order.catalog_id),
            items: items.collect(),
        }
    }
}
