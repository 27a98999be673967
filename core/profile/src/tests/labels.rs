//! Every element has labels and spoken forms in three languages.
use super::*;

/// Returns false for letters that the alphabet of the language lacks, so that no text is in the wrong language.
fn fits_language(locale: Locale, text: &str) -> bool {
    let cyrillic = text.chars().any(|c| ('\u{400}'..='\u{4ff}').contains(&c));
    let latin = text.chars().any(|c| c.is_ascii_alphabetic());
    match locale {
        Locale::Ru => cyrillic,
        Locale::Az => !cyrillic && latin,
        Locale::En => text.is_ascii() && latin,
    }
}

fn assert_complete(texts: &Localized, place: &str) {
    for locale in [Locale::Az, Locale::En, Locale::Ru] {
        let text = texts.resolve(&[locale]);
        assert!(!text.trim().is_empty() && fits_language(locale, text), "{place}: {locale:?} {text}");
    }
}

#[test]
fn labels_and_spoken_forms_are_complete() {
    for kind in profile().kinds() {
        for texts in [&kind.name, &kind.spoken, &kind.issuer] {
            assert_complete(texts, &kind.id);
        }
        for element in &kind.elements {
            let place = format!("{}/{} {:?}", element.namespace, element.identifier, element.claim);
            assert_complete(&element.label, &place);
            assert_complete(&element.spoken, &place);
            for (_, texts) in &element.values {
                assert_complete(texts, &place);
            }
            for part in &element.parts {
                assert_complete(&part.label, &format!("{place}/{}", part.key));
                assert_complete(&part.spoken, &format!("{place}/{}", part.key));
            }
        }
    }
}

#[test]
fn no_spoken_form_is_an_abbreviation() {
    let words = |text: &str| text.split([' ', '(', ')', ',']).map(String::from).collect::<Vec<_>>();
    for kind in profile().kinds() {
        let parts = |e: &crate::Element| e.parts.iter().map(|p| p.spoken.clone()).collect::<Vec<_>>();
        let spoken = kind.elements.iter().flat_map(|e| [vec![e.spoken.clone()], parts(e)].concat());
        for text in spoken.flat_map(|s| s.all().map(String::from)) {
            for word in words(&text).into_iter().filter(|w| w != "NN") {
                let shouted = word.chars().count() > 1 && word.chars().all(char::is_uppercase);
                assert!(!shouted && !word.contains('.') && word != "sm" && word != "kq", "{text}");
            }
        }
    }
}

#[test]
fn element_has_the_same_label_everywhere() {
    for kind in profile().kinds() {
        for locale in [Locale::Az, Locale::En, Locale::Ru] {
            let mut labels: Vec<_> = kind.elements.iter().map(|e| String::from(e.label.resolve(&[locale]))).collect();
            labels.sort();
            let twice = labels.windows(2).find(|pair| pair[0] == pair[1]);
            assert!(twice.is_none(), "{} {locale:?}: {twice:?}", kind.id);
        }
    }
}

#[test]
fn fin_is_sensitive_spelled_and_spoken_in_full() {
    let profile = profile();
    for (id, namespace, identifier) in [("pid", PID, "fin"), ("mdl", MDL, "administrative_number")] {
        let kind = kind(&profile, id);
        let fin = kind.element(&ClaimPath::element(namespace, identifier)).unwrap();
        assert!(fin.sensitive && fin.spelled);
        assert_eq!(fin.label.resolve(&[Locale::Az]), "FİN");
        assert_eq!(fin.spoken.resolve(&[Locale::Az]), "Fərdi identifikasiya nömrəsi");
        assert_eq!(fin.spoken.resolve(&[Locale::En]), "Personal identification number");
        assert_eq!(fin.spoken.resolve(&[Locale::Ru]), "Персональный идентификационный номер");
    }
}

#[test]
fn std_m48_age_element_is_found_and_its_digits_filled_in() {
    let profile = profile();
    for (id, namespace) in [("pid", ISO_23220), ("mdl", MDL)] {
        let kind = kind(&profile, id);
        let age = kind.element(&ClaimPath::element(namespace, "age_over_18")).unwrap();
        assert_eq!(age.identifier, "age_over_NN");
        let label = age.label_for(&ClaimPath::element("", "age_over_18"));
        assert_eq!(label.all(), ["18 yaşından yuxarı", "Over 18", "Старше 18"]);
        assert_eq!(age.spoken_for(&ClaimPath::element("", "age_over_65")).resolve(&[Locale::En]), "Over 65 years old");
        assert_eq!(age.label_for(&ClaimPath::element("", "age_over_NN")).en, "Over NN");
        assert_eq!(age.label_for(&ClaimPath::element("", "something_18")).en, "Over NN");
        assert_eq!(age.value_text("true").map(|t| t.az.as_str()), Some("Bəli"));
        for wrong in ["age_over_1", "age_over_018", "age_over_1x", "age_over_", "age_over_\u{661}8", "over_18", ""] {
            assert!(kind.element(&ClaimPath::element(namespace, wrong)).is_none(), "{wrong}");
        }
        let name = kind.elements.iter().find(|e| e.identifier.starts_with("family_name")).unwrap();
        assert_eq!(name.label_for(&ClaimPath::element("", "anything_18")), name.label);
    }
}

#[test]
fn values_and_members_have_texts() {
    let profile = profile();
    let (pid, mdl) = (kind(&profile, "pid"), kind(&profile, "mdl"));
    let sex = pid.element(&ClaimPath::element(ISO_23220, "sex")).unwrap();
    assert_eq!(sex.value_text("1").map(|t| t.az.as_str()), Some("Kişi"));
    assert_eq!(sex.value_text("2").map(|t| t.ru.as_str()), Some("Женский"));
    assert!(sex.value_text("3").is_none());
    let privileges = mdl.element(&ClaimPath::element(MDL, "driving_privileges")).unwrap();
    let code = privileges.part("code").unwrap();
    assert_eq!(code.value_text("78").map(|t| t.en.as_str()), Some("Automatic gearbox only"));
    assert!(privileges.part("unheard").is_none());
}

#[test]
fn the_first_wanted_locale_decides() {
    let texts = Localized { az: "a".into(), en: "e".into(), ru: "r".into() };
    assert_eq!(texts.resolve(&[Locale::Ru, Locale::En]), "r");
    assert_eq!(texts.resolve(&[]), "a");
}
