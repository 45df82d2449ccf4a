//! Every cell of deed and role, against a table written for this test alone.

use pesan::auth::{Deed, Denied, RULES, Role, Visitor, authorize};
use uuid::Uuid;

/// The deeds and who may do them: V(iewer), A(gent), D (admin), O(wner).
const MATRIX: &[(&str, &str)] = &[
    ("see-workspace", "VADO"),
    ("see-settings", "VADO"),
    ("change-settings", "  DO"),
    ("see-numbers", "VADO"),
    ("add-number", "  DO"),
    ("update-number", "  DO"),
    ("delete-number", "  DO"),
    ("pause-number", "  DO"),
    ("refresh-number", "  DO"),
    ("test-connection", "  DO"),
    ("repair-connection", "  DO"),
    ("register-number", "  DO"),
    ("see-profile", "VADO"),
    ("change-profile", "  DO"),
    ("see-qr-codes", "VADO"),
    ("change-qr-codes", "  DO"),
    ("see-block-list", "VADO"),
    ("change-block-list", "  DO"),
    ("see-automation", "VADO"),
    ("change-automation", "  DO"),
    ("see-api-keys", "  DO"),
    ("create-api-key", "  DO"),
    ("revoke-api-key", "  DO"),
    ("manage-owner-keys", "   O"),
    ("read-audit-log", "  DO"),
    ("see-conversations", "VADO"),
    ("work-conversations", " ADO"),
    ("moderate-notes", "  DO"),
    ("change-labels", "  DO"),
    ("see-messages", "VADO"),
    ("trace-messages", "  DO"),
    ("send-messages", " ADO"),
    ("send-raw", "  DO"),
    ("see-contacts", "VADO"),
    ("edit-contacts", " ADO"),
    ("merge-contacts", " ADO"),
    ("block-contacts", " ADO"),
    ("see-templates", "VADO"),
    ("sync-templates", " ADO"),
    ("change-templates", "  DO"),
    ("follow-events", "VADO"),
];

const LETTERS: [(char, Role); 4] =
    [('V', Role::Viewer), ('A', Role::Agent), ('D', Role::Admin), ('O', Role::Owner)];

#[test]
fn every_role_may_do_what_the_table_says_and_nothing_else() {
    let deeds: Vec<Deed> = RULES.iter().map(|rule| rule.deed).collect();
    let names: Vec<&str> = deeds.iter().map(|deed| deed.name()).collect();
    assert_eq!(names, MATRIX.iter().map(|(name, _)| *name).collect::<Vec<_>>(), "a row for every deed");
    let mut cells = 0;
    for (deed, (name, who)) in deeds.iter().zip(MATRIX) {
        for (letter, role) in LETTERS {
            let visitor = Visitor { role, ..Visitor::operator(Uuid::nil()) };
            let outcome = authorize(&visitor, *deed);
            if who.contains(letter) {
                assert_eq!(outcome, Ok(()), "{role} may {name}");
            } else {
                assert!(
                    matches!(outcome, Err(Denied::Role { needs }) if needs > role),
                    "{role} may not {name}"
                );
            }
            cells += 1;
        }
    }
    assert_eq!(cells, RULES.len() * Role::ALL.len());
}
