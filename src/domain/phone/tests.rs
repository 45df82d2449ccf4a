//! Spellings from many countries, and the lines behind them.

use proptest::prelude::*;

use super::*;

fn read(text: &str, region: &str) -> Result<String, NoNumber> {
    let region = (!region.is_empty()).then(|| region.parse().unwrap());
    Phone::parse(text, region).map(|phone| phone.to_string())
}

/// Region, spellings, the number.
const SPELLINGS: &[(&str, &[&str], &str)] = &[
    (
        "ID",
        &[
            "081234567890",
            "0812-3456-7890",
            "0812 3456 7890",
            "(0812) 3456.7890",
            "+62 812-3456-7890",
            "+62 (0)812 3456 7890",
            "+62081234567890",
            "6281234567890",
            "62 812 3456 7890",
            "0062 812 3456 7890",
            "tel:+62-812-3456-7890",
            "whatsapp:+6281234567890",
            "\u{200e}+62 812\u{2011}3456\u{2011}7890\u{202c}",
            "\u{ff0b}\u{ff16}\u{ff12}81234567890",
            "٠٨١٢٣٤٥٦٧٨٩٠",
            "81234567890",
        ],
        "+6281234567890",
    ),
    ("ID", &["0812345678", "+62 812 345 678", "62812345678"], "+62812345678"),
    ("ID", &["021 8350 123", "(021) 8350123", "+62 21 8350123", "62218350123"], "+62218350123"),
    ("US", &["(650) 253-0000", "650.253.0000", "1-650-253-0000", "16502530000"], "+16502530000"),
    ("ID", &["+1 650 253 0000", "001 650 253 0000", "00 1 650 253 0000"], "+16502530000"),
    ("US", &["011 62 812 3456 7890"], "+6281234567890"),
    ("CA", &["(416) 598-0000", "+1 416 598 0000"], "+14165980000"),
    ("GB", &["07912 345678", "+44 7912 345678", "+44 (0)7912 345678", "447912345678"], "+447912345678"),
    ("DE", &["0151 23456789", "+49 151 23456789", "0049 (0)151 / 234 567 89"], "+4915123456789"),
    ("FR", &["06 31 96 65 43", "+33 6 31 96 65 43", "+330631966543"], "+33631966543"),
    ("IT", &["06 6982", "+39 06 6982"], "+39066982"),
    ("IT", &["347 123 4567", "+39 347 1234567"], "+393471234567"),
    ("ES", &["612 34 56 78", "34612345678"], "+34612345678"),
    ("IN", &["098765 43210", "98765-43210", "+91 98765 43210", "919876543210"], "+919876543210"),
    ("SG", &["8123 4567", "+65 8123 4567"], "+6581234567"),
    ("MY", &["012-345 6789", "+60 12-345 6789", "60123456789"], "+60123456789"),
    ("AU", &["0412 345 678", "+61 412 345 678"], "+61412345678"),
    ("JP", &["090-1234-5678", "+81 90-1234-5678", "010 81 90 1234 5678"], "+819012345678"),
    ("NG", &["0803 123 4567", "+234 803 123 4567"], "+2348031234567"),
    ("ZA", &["071 123 4567", "+27 71 123 4567"], "+27711234567"),
    ("AE", &["050 123 4567", "+971 50 123 4567"], "+971501234567"),
    ("RU", &["8 (912) 345-67-89", "+7 912 345 67 89"], "+79123456789"),
    // Mexico: with the prefixes of the past and without.
    (
        "MX",
        &[
            "55 1234 5678",
            "+52 55 1234 5678",
            "+52 1 55 1234 5678",
            "5215512345678",
            "044 55 1234 5678",
            "045 55 1234 5678",
            "01 55 1234 5678",
        ],
        "+525512345678",
    ),
    // Argentina: mobile from within and from abroad; a landline stays one.
    (
        "AR",
        &[
            "011 15-2345-6789",
            "11 15 2345 6789",
            "+54 9 11 2345 6789",
            "+54 11 15 2345 6789",
            "5491123456789",
        ],
        "+5491123456789",
    ),
    ("AR", &["0351 15 234-5678", "+54 9 351 234 5678"], "+5493512345678"),
    ("AR", &["011 4321-1234", "+54 11 4321 1234"], "+541143211234"),
    // Brazil: mobile with and without the nine, with a carrier; a landline stays one.
    (
        "BR",
        &[
            "(11) 98765-4321",
            "11 8765-4321",
            "+55 11 98765-4321",
            "551187654321",
            "0 11 98765-4321",
            "0 15 11 98765-4321",
        ],
        "+5511987654321",
    ),
    ("BR", &["(11) 3123-4567", "+55 11 3123 4567", "551131234567"], "+551131234567"),
    ("BR", &["(55) 99123-4567", "55 9123-4567", "+55 55 9123 4567", "5555991234567"], "+5555991234567"),
];

#[test]
fn any_spelling_gives_the_one_number() {
    let mut wrong = Vec::new();
    for (region, spellings, expected) in SPELLINGS {
        for spelling in *spellings {
            let got = read(spelling, region);
            if got.as_deref() != Ok(expected) {
                wrong.push(format!("{region} {spelling:?}: {got:?}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    let mut regions: Vec<&str> = SPELLINGS.iter().map(|(region, ..)| *region).collect();
    regions.sort_unstable();
    regions.dedup();
    assert!(regions.len() >= 12, "{regions:?}");
}

#[test]
fn what_is_no_number_is_refused() {
    let check = |text: &str, region: &str, expected: NoNumber| {
        assert_eq!(read(text, region), Err(expected), "{text:?}");
    };
    for text in
        ["", "   ", "+", "()", "halo", "081234567890 ext. 5", "0812x", "US.13491208655302741918", "a@b.id"]
    {
        check(text, "ID", NoNumber::Letters);
    }
    for text in [
        "081",
        "+62",
        "+62 812",
        "0812345678901234",
        "+999 123 456 789",
        "+0812345678",
        "+++",
        "12345678901234567890123",
    ] {
        assert!(read(text, "ID").is_err(), "{text:?}");
    }
    check(&" 0".repeat(40), "ID", NoNumber::Letters);
    check("+628123456+7890", "ID", NoNumber::Letters);
    check("081234567890", "", NoNumber::NoRegion);
    check("6281234567890", "", NoNumber::NoRegion);
    // Somebody else's country code needs its plus sign.
    check("16502530000", "ID", NoNumber::Invalid);
    // No such area in Brazil.
    check("+55 20 98765 4321", "", NoNumber::Invalid);
}

#[test]
fn a_region_is_two_capital_letters() {
    for region in ["", "id", "IDN", "XX", "62", "001"] {
        assert_eq!(region.parse::<Region>(), Err(UnknownRegion), "{region}");
    }
}

#[test]
fn every_area_of_brazil_has_its_ninth_digit_and_its_landlines() {
    let mut areas = 0;
    for area in 10..100 {
        let is_area = BRAZIL_AREAS.contains(&area.to_string().as_str());
        let phone = |subscriber: &str| Phone::of_wa_id(&format!("55{area}{subscriber}"));
        if !is_area {
            for subscriber in ["98765432", "987654321", "21234567"] {
                assert!(phone(subscriber).is_err(), "{area} {subscriber}");
            }
            continue;
        }
        areas += 1;
        for first in 6..=9 {
            let (old, new) = (format!("{first}7654321"), format!("9{first}7654321"));
            let (old, new) = (phone(&old).unwrap(), phone(&new).unwrap());
            assert_eq!(old, new, "{area}");
            let ids = [format!("55{area}9{first}7654321"), format!("55{area}{first}7654321")];
            assert_eq!(new.wa_ids(), ids, "{area}");
        }
        for first in 2..=5 {
            let landline = phone(&format!("{first}1234567")).unwrap();
            assert_eq!(landline.wa_ids(), [format!("55{area}{first}1234567")], "a landline of {area}");
            // Given out with nine digits: without the nine it would be that landline.
            if let Ok(mobile) = phone(&format!("9{first}1234567")) {
                assert_eq!(mobile.wa_ids(), [format!("55{area}9{first}1234567")], "a new mobile of {area}");
            }
        }
    }
    assert_eq!(areas, 67);
}

#[test]
fn whatsapp_may_know_a_line_under_another_id() {
    let check = |wa_id: &str, expected: &[&str]| {
        assert_eq!(Phone::of_wa_id(wa_id).unwrap().wa_ids(), expected, "{wa_id}");
    };
    check("525512345678", &["525512345678", "5215512345678"]);
    check("5215512345678", &["525512345678", "5215512345678"]);
    check("528001234567", &["528001234567"]);
    check("5491123456789", &["5491123456789", "541123456789"]);
    check("541123456789", &["541123456789", "5491123456789"]);
    check("541143211234", &["541143211234", "5491143211234"]);
    check("6281234567890", &["6281234567890"]);
    check("16502530000", &["16502530000"]);
    check("551131234567", &["551131234567"]);
}

proptest! {
    #[test]
    fn reading_never_panics_and_what_is_canonical_stays(
        text in "[ +()0-9./-]{0,24}|\\PC{0,30}",
        region in prop::sample::select(vec!["ID", "BR", "MX", "AR", "US", "GB", "IT", "SG"]),
    ) {
        if let Ok(phone) = Phone::parse(&text, Some(region.parse().unwrap())) {
            prop_assert_eq!(Phone::parse(phone.as_str(), None), Ok(phone.clone()));
            prop_assert_eq!(Phone::of_wa_id(phone.digits()), Ok(phone.clone()));
        }
    }

    #[test]
    fn every_id_of_a_line_of_a_changed_plan_leads_back_to_it(
        code in prop::sample::select(vec!["55", "52"]),
        national in "[1-9][1-9][0-9]{8,9}",
    ) {
        if let Ok(phone) = Phone::of_wa_id(&format!("{code}{national}")) {
            for id in phone.wa_ids() {
                prop_assert_eq!(Phone::of_wa_id(&id), Ok(phone.clone()), "{}", id);
            }
        }
    }
}

#[test]
fn a_number_that_is_looked_up_has_its_country_code_and_any_spelling() {
    let check = |text: &str, expected: Result<&str, NoNumber>| {
        assert_eq!(international_digits(text), expected.map(str::to_owned), "{text}");
    };
    for good in ["+62 812-3456-7890", "6281234567890", "0062 812 3456 7890", "\u{ff0b}62 (812) 3456.7890"] {
        check(good, Ok("6281234567890"));
    }
    // No plan has it, and WhatsApp may have told of it all the same.
    check("+62 811 12", Ok("6281112"));
    for bad in ["0812 3456 7890", "12345", "1234567890123456"] {
        check(bad, Err(NoNumber::Invalid));
    }
    for bad in ["", "budi", "+62 812 3456 789x"] {
        check(bad, Err(NoNumber::Letters));
    }
}
