//! Phone numbers: any spelling in, E.164 out, and the ids under which WhatsApp may know the same line.
//!
//! The numbering plans are libphonenumber's; ours is only the table of countries whose plan changed while WhatsApp
//! kept the ids that it had. Invariant: a `Phone` is canonical, so equal lines are equal values.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use phonenumber::country;
use phonenumber::metadata::DATABASE;
use phonenumber::{PhoneNumber, Type};

/// A valid number in its canonical form: `+6281234567890`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(String);

/// A country or territory, as ISO 3166 writes it: the one that local spellings belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region(country::Id);

impl FromStr for Region {
    type Err = UnknownRegion;

    fn from_str(text: &str) -> Result<Self, UnknownRegion> {
        let id: country::Id = text.parse().map_err(|_| UnknownRegion)?;
        // The parser relies on it.
        if DATABASE.by_id(id.as_ref()).is_none() {
            return Err(UnknownRegion);
        }
        Ok(Self(id))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a region is two capital letters of ISO 3166, like ID")]
pub struct UnknownRegion;

/// Why a text is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoNumber {
    #[error("a phone number has digits, and only spaces, brackets, dots, dashes and a plus sign around them")]
    Letters,
    #[error("without a country code a phone number needs a region")]
    NoRegion,
    #[error("there is no such phone number")]
    Invalid,
}

/// A spelling may be dressed, but not for ever.
const SPELLING_CHARS_MAX: usize = 64;
const DIGITS_MAX: usize = 20;
/// Meta (2026-07): E.164 has at most 15 digits, and no country's numbers are that short.
const INTERNATIONAL_DIGITS: RangeInclusive<usize> = 6..=15;

impl Phone {
    /// Reads any spelling. Without a country code it is a number of the region.
    pub fn parse(text: &str, region: Option<Region>) -> Result<Self, NoNumber> {
        let spelling = Spelling::read(text)?;
        if spelling.is_international {
            return canonical(parsed(None, &format!("+{}", spelling.digits))?);
        }
        let Region(region) = region.ok_or(NoNumber::NoRegion)?;
        let code = DATABASE.by_id(region.as_ref()).map_or(0, phonenumber::Metadata::country_code).to_string();
        let with_plus = |digits: &str| parsed(None, &format!("+{digits}")).and_then(canonical);
        // A country code without its plus sign is the region's own, or none: anybody else's would turn a mistyped
        // local number into a stranger's.
        if spelling.digits.starts_with(&code)
            && let Ok(phone) = with_plus(&spelling.digits)
        {
            return Ok(phone);
        }
        // The parser takes an area code that is like the country code for it.
        parsed(Some(region), &spelling.digits)
            .and_then(canonical)
            .or_else(|_| with_plus(&format!("{code}{}", spelling.digits)))
    }

    /// The number behind an id of WhatsApp's, which may be spelt as the line was numbered years ago.
    pub fn of_wa_id(wa_id: &str) -> Result<Self, NoNumber> {
        Self::parse(&format!("+{}", wa_id.trim_start_matches('+')), None)
    }

    /// With the plus sign.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Without the plus sign.
    pub fn digits(&self) -> &str {
        self.0.trim_start_matches('+')
    }

    /// Every id under which WhatsApp may know the line: its own digits first.
    pub fn wa_ids(&self) -> Vec<String> {
        let mut ids = vec![self.digits().to_owned()];
        for plan in PLANS {
            let Some(national) = self.digits().strip_prefix(plan.code) else { continue };
            ids.extend((plan.other)(national).map(|other| format!("{}{other}", plan.code)));
        }
        ids
    }
}

/// The digits of a number with its country code, in any spelling, with or without the plus sign. For looking up what
/// WhatsApp may have told of it: also a line that no plan has (any more) is one.
pub fn international_digits(text: &str) -> Result<String, NoNumber> {
    let Spelling { digits, .. } = Spelling::read(text)?;
    // No country's code begins with a zero.
    let is_one = INTERNATIONAL_DIGITS.contains(&digits.len()) && !digits.starts_with('0');
    if is_one { Ok(digits) } else { Err(NoNumber::Invalid) }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text as digits.
struct Spelling {
    digits: String,
    is_international: bool,
}

impl Spelling {
    fn read(text: &str) -> Result<Self, NoNumber> {
        let text = text.trim();
        let text = ["tel:", "whatsapp:"].iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text);
        if text.chars().count() > SPELLING_CHARS_MAX {
            return Err(NoNumber::Letters);
        }
        let mut digits = String::new();
        let mut has_plus = false;
        for letter in text.chars() {
            match letter {
                '+' | '\u{ff0b}' if digits.is_empty() && !has_plus => has_plus = true,
                _ if is_dress(letter) => {}
                _ => digits.push(digit(letter).ok_or(NoNumber::Letters)?),
            }
        }
        if digits.is_empty() || digits.len() > DIGITS_MAX {
            return Err(if digits.is_empty() { NoNumber::Letters } else { NoNumber::Invalid });
        }
        // Most of the world dials 00 for abroad; where another prefix is dialled, the parser knows it.
        match digits.strip_prefix("00") {
            Some(rest) if !has_plus => Ok(Self { digits: rest.to_owned(), is_international: true }),
            _ => Ok(Self { digits, is_international: has_plus }),
        }
    }
}

/// What people put between digits; some of it cannot be seen.
fn is_dress(letter: char) -> bool {
    letter.is_whitespace()
        || "-.()/[]\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2212}".contains(letter)
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
}

/// A digit of ours, full-width, Arabic or Persian.
fn digit(letter: char) -> Option<char> {
    let zero = match letter {
        '0'..='9' => '0',
        '\u{ff10}'..='\u{ff19}' => '\u{ff10}',
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6f0}'..='\u{6f9}' => '\u{6f0}',
        _ => return None,
    };
    char::from_digit(u32::from(letter).checked_sub(u32::from(zero))?, 10)
}

fn parsed(region: Option<country::Id>, digits: &str) -> Result<PhoneNumber, NoNumber> {
    // Shorter than any number, which the parser does not expect after a plus sign.
    if digits.len() < 5 {
        return Err(NoNumber::Invalid);
    }
    phonenumber::parse(region, digits).map_err(|_| NoNumber::Invalid)
}

/// Gives a number the form that its plan has today, if it is one.
fn canonical(number: PhoneNumber) -> Result<Phone, NoNumber> {
    let code = number.country().code().to_string();
    let national = number.national().to_string();
    let plan = PLANS.iter().find(|plan| plan.code == code);
    let national = plan.and_then(|plan| (plan.today)(&national)).unwrap_or(national);
    let digits = format!("+{code}{national}");
    let again = parsed(None, &digits)?;
    let is_whole = again.national().to_string() == national;
    if is_whole && phonenumber::is_valid(&again) { Ok(Phone(digits)) } else { Err(NoNumber::Invalid) }
}

/// A country where numbers were made longer or shorter, and WhatsApp's ids were not. Both functions go from one
/// national number to another, or to nothing where the number is not concerned.
struct Plan {
    code: &'static str,
    /// From a spelling of the past to today's.
    today: fn(&str) -> Option<String>,
    /// From today's to the other one that may be in an id.
    other: fn(&str) -> Option<String>,
}

const PLANS: &[Plan] = &[
    Plan { code: "55", today: brazil_today, other: brazil_other },
    Plan { code: "52", today: mexico_today, other: mexico_other },
    Plan { code: "54", today: argentina_today, other: argentina_other },
];

/// The area codes of Brazil.
const BRAZIL_AREAS: &[&str] = &[
    "11", "12", "13", "14", "15", "16", "17", "18", "19", "21", "22", "24", "27", "28", "31", "32", "33",
    "34", "35", "37", "38", "41", "42", "43", "44", "45", "46", "47", "48", "49", "51", "53", "54", "55",
    "61", "62", "63", "64", "65", "66", "67", "68", "69", "71", "73", "74", "75", "77", "79", "81", "82",
    "83", "84", "85", "86", "87", "88", "89", "91", "92", "93", "94", "95", "96", "97", "98", "99",
];

/// Until 2016 Brazil's mobile numbers had eight digits, the first of them 6 to 9; then a nine was put in front.
/// Landlines have eight digits still, the first of them 2 to 5.
fn is_brazil_mobile_of_old(subscriber: &str) -> bool {
    subscriber.len() == 8 && subscriber.starts_with(['6', '7', '8', '9'])
}

fn brazil_parts(national: &str) -> Option<(&str, &str)> {
    national.split_at_checked(2).filter(|(area, _)| BRAZIL_AREAS.contains(area))
}

fn brazil_today(national: &str) -> Option<String> {
    let (area, subscriber) = brazil_parts(national)?;
    is_brazil_mobile_of_old(subscriber).then(|| format!("{area}9{subscriber}"))
}

/// Numbers that were given out with nine digits have no older form: without the nine they would be a landline.
fn brazil_other(national: &str) -> Option<String> {
    let (area, subscriber) = brazil_parts(national)?;
    let old = subscriber.strip_prefix('9').filter(|old| is_brazil_mobile_of_old(old))?;
    Some(format!("{area}{old}"))
}

/// Until 2019 mobile numbers of Mexico were dialled with a 1 from abroad, with 044 or 045 from within, and other
/// areas with 01.
fn mexico_today(national: &str) -> Option<String> {
    ["044", "045", "01", "1"]
        .iter()
        .filter_map(|prefix| national.strip_prefix(prefix))
        .find(|rest| rest.len() == 10)
        .map(str::to_owned)
}

/// Landlines and mobiles cannot be told apart by their number; numbers that nobody's telephone has, can.
fn mexico_other(national: &str) -> Option<String> {
    let is_line = matches!(type_of("52", national), Type::FixedLine | Type::Mobile | Type::FixedLineOrMobile);
    (national.len() == 10 && is_line).then(|| format!("1{national}"))
}

/// With the 15 that is dialled before mobile numbers within Argentina, after the country code: the parser knows it
/// without one.
fn argentina_today(national: &str) -> Option<String> {
    let rest = national.strip_prefix('9').unwrap_or(national);
    if rest.len() != 12 {
        return None;
    }
    (2..=4).find_map(|area_len| {
        let (area, subscriber) = rest.split_at_checked(area_len)?;
        let mobile = format!("9{area}{}", subscriber.strip_prefix("15")?);
        (type_of("54", &mobile) == Type::Mobile).then_some(mobile)
    })
}

/// A line has one number, and from abroad a 9 in front of it if it is mobile.
fn argentina_other(national: &str) -> Option<String> {
    match national.strip_prefix('9') {
        Some(rest) if national.len() == 11 => Some(rest.to_owned()),
        _ => {
            let mobile = format!("9{national}");
            (national.len() == 10 && type_of("54", &mobile) == Type::Mobile).then_some(mobile)
        }
    }
}

fn type_of(code: &str, national: &str) -> Type {
    match parsed(None, &format!("+{code}{national}")) {
        Ok(number) if number.national().to_string() == national => number.number_type(&DATABASE),
        _ => Type::Unknown,
    }
}

#[cfg(test)]
mod tests;
