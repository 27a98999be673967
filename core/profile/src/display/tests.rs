//! The text of each kind of value in three languages.
use alloc::{string::String, vec, vec::Vec};

use rid_claims::{ClaimEntry, ClaimPath};

use super::*;

const ALL: [Locale; 3] = [Locale::Az, Locale::En, Locale::Ru];

fn text(text: &str) -> ClaimValue {
    ClaimValue::Text { text: String::from(text).into() }
}

fn day(text: &str) -> ClaimValue {
    ClaimValue::Date { text: String::from(text).into() }
}

fn map(members: Vec<(&str, ClaimValue)>) -> ClaimValue {
    ClaimValue::Entries {
        entries: members.into_iter().map(|(key, value)| ClaimEntry { key: text(key), value }).collect(),
    }
}

fn in_each(element: Option<&Element>, value: &ClaimValue) -> [String; 3] {
    ALL.map(|locale| display(element, value, &[locale]).expose().into())
}

#[test]
fn each_kind_of_value_has_a_text_in_each_language() {
    let jpeg = ClaimValue::Binary { bytes: vec![0xff, 0xd8, 0xff, 0xe0].into() };
    let long = ClaimValue::Binary { bytes: vec![7; 300].into() };
    let big = ClaimValue::BigNumber { digits: String::from("18446744073709551615").into() };
    for (value, [az, en, ru]) in [
        (ClaimValue::Flag { value: true }, ["Bəli", "Yes", "Да"]),
        (ClaimValue::Flag { value: false }, ["Xeyr", "No", "Нет"]),
        (ClaimValue::Nothing, ["Məlumat yoxdur", "No information", "Нет данных"]),
        (text(" "), ["Məlumat yoxdur", "No information", "Нет данных"]),
        (ClaimValue::Items { items: vec![] }, ["Məlumat yoxdur", "No information", "Нет данных"]),
        (map(vec![]), ["Məlumat yoxdur", "No information", "Нет данных"]),
        (jpeg, ["Şəkil", "Picture", "Изображение"]),
        (long, ["300 bayt", "300 bytes", "300 Б"]),
        (ClaimValue::Binary { bytes: vec![0xab, 1].into() }, ["ab01"; 3]),
        (big, ["18446744073709551615"; 3]),
        (ClaimValue::Number { value: -3 }, ["-3"; 3]),
        (ClaimValue::Real { value: 1.5 }, ["1.5"; 3]),
        (text("Quliyeva"), ["Quliyeva"; 3]),
        (day("1991-04-17"), ["17.04.1991"; 3]),
        (day("2026-01-02T03:04:05Z"), ["02.01.2026 03:04 UTC"; 3]),
        (day("about 1991, not known"), ["about 1991, not known"; 3]),
        (map(vec![("a", ClaimValue::Flag { value: true })]), ["a: Bəli", "a: Yes", "a: Да"]),
        (ClaimValue::Items { items: vec![text("x"), ClaimValue::Number { value: 1 }] }, ["x; 1"; 3]),
    ] {
        assert_eq!(in_each(None, &value), [az, en, ru], "{value:?}");
    }
}

#[test]
fn members_get_the_labels_and_words_of_the_profile() {
    let profile = crate::embedded().unwrap();
    let mdl = profile.kind_named("mdl").unwrap();
    let element = |name| mdl.element(&ClaimPath::element("org.iso.18013.5.1", name)).unwrap();

    let code = map(vec![("code", text("78"))]);
    let privilege = map(vec![
        ("vehicle_category_code", text("B")),
        ("issue_date", day("2020-02-03")),
        ("codes", ClaimValue::Items { items: vec![code] }),
    ]);
    let privileges = ClaimValue::Items { items: vec![privilege, map(vec![("vehicle_category_code", text("A"))])] };
    let [az, en, ru] = in_each(Some(element("driving_privileges")), &privileges);
    let label =
        |key: &str, locale| element("driving_privileges").part(key).unwrap().label.resolve(&[locale]).to_string();
    for (shown, locale) in [(az, Locale::Az), (en, Locale::En), (ru, Locale::Ru)] {
        for key in ["vehicle_category_code", "issue_date", "codes", "code"] {
            assert!(shown.contains(&format!("{}: ", label(key, locale))), "{shown}");
        }
        assert!(shown.contains("03.02.2020") && shown.contains("; ") && shown.contains(": ("), "{shown}");
        assert!(!shown.contains("vehicle_category_code") && !shown.contains("78"), "{shown}");
    }
    assert_eq!(in_each(Some(element("portrait")), &ClaimValue::Nothing), ["Şəkil", "Picture", "Изображение"]);
    assert_eq!(in_each(Some(element("sex")), &ClaimValue::Number { value: 2 }), ["Qadın", "Female", "Женский"]);
    assert_eq!(in_each(Some(element("sex")), &ClaimValue::Number { value: 3 }), ["3"; 3]);
    assert_eq!(in_each(Some(element("age_over_18")), &ClaimValue::Flag { value: false }), ["Xeyr", "No", "Нет"]);
}

#[test]
fn a_member_named_as_its_element_has_no_label() {
    let profile = crate::embedded().unwrap();
    let pid = profile.kind_named("pid").unwrap();
    let birth = pid.elements.iter().find(|element| element.identifier == "birth_date").unwrap();
    let value = map(vec![("birth_date", day("1991-04-17"))]);
    assert_eq!(in_each(Some(birth), &value), ["17.04.1991"; 3]);
}
