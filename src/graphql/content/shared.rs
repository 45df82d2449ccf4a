//! Content of several parts that customers share: places, contacts, carts.

use async_graphql::SimpleObject;

use super::{Common, ContentType, own};
use crate::domain::content;

/// A place.
#[derive(Clone, Debug, SimpleObject)]
pub struct LocationContent {
    #[graphql(flatten)]
    pub(super) common: Common,
    latitude: Option<f64>,
    longitude: Option<f64>,
    name: Option<String>,
    address: Option<String>,
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
    cards: Vec<ContactCard>,
}

/// A shared contact.
#[derive(Clone, Debug, SimpleObject)]
pub struct ContactCard {
    name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    company: Option<String>,
    department: Option<String>,
    title: Option<String>,
    birthday: Option<String>,
    phones: Vec<CardPhone>,
    emails: Vec<CardEntry>,
    urls: Vec<CardEntry>,
    addresses: Vec<CardAddress>,
    /// The whole of it as a vCard, if it came as one.
    vcard: Option<String>,
    /// Whether the business had asked for it.
    is_on_request: bool,
}

/// A phone number of a shared contact.
#[derive(Clone, Debug, SimpleObject)]
pub struct CardPhone {
    phone: Option<String>,
    /// The same as WhatsApp writes it, if the person is there.
    wa_id: Option<String>,
    /// What it is for, like `HOME`.
    label: Option<String>,
}

/// An e-mail or web address of a shared contact.
#[derive(Clone, Debug, SimpleObject)]
pub struct CardEntry {
    value: Option<String>,
    /// What it is for, like `WORK`.
    label: Option<String>,
}

/// An address of a shared contact.
#[derive(Clone, Debug, SimpleObject)]
pub struct CardAddress {
    street: Option<String>,
    city: Option<String>,
    state: Option<String>,
    zip: Option<String>,
    country: Option<String>,
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
    catalog_id: Option<String>,
    items: Vec<OrderItem>,
}

/// A line of a cart.
#[derive(Clone, Debug, SimpleObject)]
pub struct OrderItem {
    product_retailer_id: Option<String>,
    quantity: Option<f64>,
    price: Option<f64>,
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
