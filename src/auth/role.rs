//! Who may do what: deeds, the lowest role that may do each, and the scope under which a key may be held to it.
//!
//! `RULES` is the whole of it, as data for review; `authorize` is the only place that reads it. A test walks every
//! cell of deed and role against a table of its own.

use std::fmt;

use uuid::Uuid;

/// What somebody is in a workspace. Each may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads.
    Viewer,
    /// Works on conversations and sends.
    Agent,
    /// Runs numbers, templates, settings and keys.
    Admin,
    /// May also give and take what owners have.
    Owner,
}

impl Role {
    /// Every role, the lowest first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Agent, Self::Admin, Self::Owner];

    /// Its name in commands, in tokens and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Agent => "agent",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// The role of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a key can be held to: it narrows the key's role and never widens it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    WorkspaceRead,
    SettingsRead,
    SettingsWrite,
    NumbersRead,
    NumbersWrite,
    ProfileRead,
    ProfileWrite,
    KeysRead,
    KeysWrite,
    AuditRead,
    ConversationsRead,
    ConversationsWrite,
    MessagesRead,
    MessagesSend,
    MessagesSendRaw,
    ContactsRead,
    ContactsWrite,
    TemplatesRead,
    TemplatesWrite,
    EventsRead,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 20] = [
        Self::WorkspaceRead,
        Self::SettingsRead,
        Self::SettingsWrite,
        Self::NumbersRead,
        Self::NumbersWrite,
        Self::ProfileRead,
        Self::ProfileWrite,
        Self::KeysRead,
        Self::KeysWrite,
        Self::AuditRead,
        Self::ConversationsRead,
        Self::ConversationsWrite,
        Self::MessagesRead,
        Self::MessagesSend,
        Self::MessagesSendRaw,
        Self::ContactsRead,
        Self::ContactsWrite,
        Self::TemplatesRead,
        Self::TemplatesWrite,
        Self::EventsRead,
    ];

    /// Its name in commands, in the API and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::WorkspaceRead => "workspace:read",
            Self::SettingsRead => "settings:read",
            Self::SettingsWrite => "settings:write",
            Self::NumbersRead => "numbers:read",
            Self::NumbersWrite => "numbers:write",
            Self::ProfileRead => "profile:read",
            Self::ProfileWrite => "profile:write",
            Self::KeysRead => "keys:read",
            Self::KeysWrite => "keys:write",
            Self::AuditRead => "audit:read",
            Self::ConversationsRead => "conversations:read",
            Self::ConversationsWrite => "conversations:write",
            Self::MessagesRead => "messages:read",
            Self::MessagesSend => "messages:send",
            Self::MessagesSendRaw => "messages:send-raw",
            Self::ContactsRead => "contacts:read",
            Self::ContactsWrite => "contacts:write",
            Self::TemplatesRead => "templates:read",
            Self::TemplatesWrite => "templates:write",
            Self::EventsRead => "events:read",
        }
    }

    /// The scope of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What can be done: one for each field of the API, or for a group of fields that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deed {
    SeeWorkspace,
    SeeSettings,
    ChangeSettings,
    SeeNumbers,
    AddNumber,
    UpdateNumber,
    DeleteNumber,
    /// Pause and resume.
    PauseNumber,
    /// Ask Meta again how the number stands.
    RefreshNumber,
    TestConnection,
    RepairConnection,
    /// Register and deregister, request and verify a code, set the PIN.
    RegisterNumber,
    SeeProfile,
    ChangeProfile,
    SeeQrCodes,
    ChangeQrCodes,
    SeeBlockList,
    ChangeBlockList,
    SeeAutomation,
    ChangeAutomation,
    SeeApiKeys,
    CreateApiKey,
    RevokeApiKey,
    /// Create or revoke a key whose role is owner; asked beside `CreateApiKey` or `RevokeApiKey`.
    ManageOwnerKeys,
    ReadAuditLog,
    SeeConversations,
    /// Assign, label, note, snooze, resolve, archive, mark as read.
    WorkConversations,
    /// Take away a note of somebody else's; asked beside `WorkConversations`.
    ModerateNotes,
    /// The workspace's list of labels: how they look.
    ChangeLabels,
    SeeMessages,
    /// Follow the way of a message through this server.
    TraceMessages,
    /// Send, retry, cancel; upload what is sent.
    SendMessages,
    /// Send a body that goes to Meta as it is.
    SendRaw,
    /// See them, look a phone number up, see a contact's profile.
    SeeContacts,
    EditContacts,
    MergeContacts,
    /// Here and at Meta, and take it back.
    BlockContacts,
    SeeTemplates,
    /// Ask Meta for them anew.
    SyncTemplates,
    ChangeTemplates,
    FollowEvents,
}

/// How far a deed reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// One number, or what belongs to numbers: whoever is limited to some numbers may do it with those.
    Numbers,
    /// The whole workspace: whoever is limited to some numbers may not.
    Workspace,
}

/// Who may do a deed.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    pub deed: Deed,
    /// Its name in the audit log.
    pub name: &'static str,
    /// The lowest role that may.
    pub from: Role,
    /// The scope that a scoped key needs besides.
    pub scope: Scope,
    pub reach: Reach,
}

const fn rule(deed: Deed, name: &'static str, from: Role, scope: Scope, reach: Reach) -> Rule {
    Rule { deed, name, from, scope, reach }
}

/// Every deed, in the order of the enum.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    rule(Deed::SeeWorkspace,      "see-workspace",      Role::Viewer, Scope::WorkspaceRead,      Reach::Numbers),
    rule(Deed::SeeSettings,       "see-settings",       Role::Viewer, Scope::SettingsRead,       Reach::Workspace),
    rule(Deed::ChangeSettings,    "change-settings",    Role::Admin,  Scope::SettingsWrite,      Reach::Workspace),
    rule(Deed::SeeNumbers,        "see-numbers",        Role::Viewer, Scope::NumbersRead,        Reach::Numbers),
    rule(Deed::AddNumber,         "add-number",         Role::Admin,  Scope::NumbersWrite,       Reach::Workspace),
    rule(Deed::UpdateNumber,      "update-number",      Role::Admin,  Scope::NumbersWrite,       Reach::Numbers),
    rule(Deed::DeleteNumber,      "delete-number",      Role::Admin,  Scope::NumbersWrite,       Reach::Numbers),
    rule(Deed::PauseNumber,       "pause-number",       Role::Admin,  Scope::NumbersWrite,       Reach::Numbers),
    rule(Deed::RefreshNumber,     "refresh-number",     Role::Admin,  Scope::NumbersWrite,       Reach::Numbers),
    rule(Deed::TestConnection,    "test-connection",    Role::Admin,  Scope::NumbersRead,        Reach::Numbers),
    rule(Deed::RepairConnection,  "repair-connection",  Role::Admin,  Scope::NumbersWrite,       Reach::Numbers),
    rule(Deed::RegisterNumber,    "register-number",    Role::Admin,  Scope::NumbersWrite,       Reach::Numbers),
    rule(Deed::SeeProfile,        "see-profile",        Role::Viewer, Scope::ProfileRead,        Reach::Numbers),
    rule(Deed::ChangeProfile,     "change-profile",     Role::Admin,  Scope::ProfileWrite,       Reach::Numbers),
    rule(Deed::SeeQrCodes,        "see-qr-codes",       Role::Viewer, Scope::ProfileRead,        Reach::Numbers),
    rule(Deed::ChangeQrCodes,     "change-qr-codes",    Role::Admin,  Scope::ProfileWrite,       Reach::Numbers),
    rule(Deed::SeeBlockList,      "see-block-list",     Role::Viewer, Scope::NumbersRead,        Reach::Numbers),
    rule(Deed::ChangeBlockList,   "change-block-list",  Role::Admin,  Scope::NumbersWrite,       Reach::Numbers),
    rule(Deed::SeeAutomation,     "see-automation",     Role::Viewer, Scope::NumbersRead,        Reach::Numbers),
    rule(Deed::ChangeAutomation,  "change-automation",  Role::Admin,  Scope::NumbersWrite,       Reach::Numbers),
    rule(Deed::SeeApiKeys,        "see-api-keys",       Role::Admin,  Scope::KeysRead,           Reach::Workspace),
    rule(Deed::CreateApiKey,      "create-api-key",     Role::Admin,  Scope::KeysWrite,          Reach::Workspace),
    rule(Deed::RevokeApiKey,      "revoke-api-key",     Role::Admin,  Scope::KeysWrite,          Reach::Workspace),
    rule(Deed::ManageOwnerKeys,   "manage-owner-keys",  Role::Owner,  Scope::KeysWrite,          Reach::Workspace),
    rule(Deed::ReadAuditLog,      "read-audit-log",     Role::Admin,  Scope::AuditRead,          Reach::Workspace),
    rule(Deed::SeeConversations,  "see-conversations",  Role::Viewer, Scope::ConversationsRead,  Reach::Numbers),
    rule(Deed::WorkConversations, "work-conversations", Role::Agent,  Scope::ConversationsWrite, Reach::Numbers),
    rule(Deed::ModerateNotes,     "moderate-notes",     Role::Admin,  Scope::ConversationsWrite, Reach::Numbers),
    rule(Deed::ChangeLabels,      "change-labels",      Role::Admin,  Scope::ConversationsWrite, Reach::Workspace),
    rule(Deed::SeeMessages,       "see-messages",       Role::Viewer, Scope::MessagesRead,       Reach::Numbers),
    rule(Deed::TraceMessages,     "trace-messages",     Role::Admin,  Scope::MessagesRead,       Reach::Numbers),
    rule(Deed::SendMessages,      "send-messages",      Role::Agent,  Scope::MessagesSend,       Reach::Numbers),
    rule(Deed::SendRaw,           "send-raw",           Role::Admin,  Scope::MessagesSendRaw,    Reach::Numbers),
    rule(Deed::SeeContacts,       "see-contacts",       Role::Viewer, Scope::ContactsRead,       Reach::Numbers),
    rule(Deed::EditContacts,      "edit-contacts",      Role::Agent,  Scope::ContactsWrite,      Reach::Numbers),
    rule(Deed::MergeContacts,     "merge-contacts",     Role::Agent,  Scope::ContactsWrite,      Reach::Workspace),
    rule(Deed::BlockContacts,     "block-contacts",     Role::Agent,  Scope::ContactsWrite,      Reach::Numbers),
    rule(Deed::SeeTemplates,      "see-templates",      Role::Viewer, Scope::TemplatesRead,      Reach::Numbers),
    rule(Deed::SyncTemplates,     "sync-templates",     Role::Agent,  Scope::TemplatesWrite,     Reach::Numbers),
    rule(Deed::ChangeTemplates,   "change-templates",   Role::Admin,  Scope::TemplatesWrite,     Reach::Numbers),
    rule(Deed::FollowEvents,      "follow-events",      Role::Viewer, Scope::EventsRead,         Reach::Numbers),
];

impl Deed {
    /// Its rule.
    pub fn rule(self) -> &'static Rule {
        #[expect(clippy::indexing_slicing, reason = "the table has a rule for every deed; a test sees to it")]
        &RULES[self as usize]
    }

    /// Its name in the audit log.
    pub fn name(self) -> &'static str {
        self.rule().name
    }
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    ApiKey(Uuid),
    /// A user of the CRM, as its tokens name them.
    User(String),
    /// Whoever runs commands on the machine.
    Operator,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ApiKey(id) => write!(f, "api-key:{id}"),
            Self::User(user) => write!(f, "user:{user}"),
            Self::Operator => f.write_str("operator"),
        }
    }
}

/// Somebody who has shown who they are, and what they may touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    pub workspace: Uuid,
    pub role: Role,
    pub who: Who,
    /// The scopes that narrow the role. None: all that the role may.
    pub scopes: Option<Vec<Scope>>,
    /// The only numbers that they may touch, by our id. None: all of the workspace.
    pub numbers: Option<Vec<Uuid>>,
}

impl Visitor {
    /// Whether the number is one that they may touch. Says nothing of whose it is.
    pub fn may_touch(&self, number: Uuid) -> bool {
        self.numbers.as_ref().is_none_or(|numbers| numbers.contains(&number))
    }
}

/// Why a deed is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    #[error("this needs the role {needs} or a higher one")]
    Role { needs: Role },
    #[error("this needs a key with the scope {needs}")]
    Scope { needs: Scope },
    #[error("this concerns the whole workspace, and the key is limited to some numbers")]
    Workspace,
    #[error("the key is not for this number")]
    Number,
}

/// Whether the visitor may do this in their workspace. Of what belongs to numbers, a visitor who is limited to some is
/// shown theirs alone: `authorize_number`, or `Visitor::numbers` as a filter.
pub fn authorize(visitor: &Visitor, deed: Deed) -> Result<(), Denied> {
    let rule = deed.rule();
    if visitor.role < rule.from {
        return Err(Denied::Role { needs: rule.from });
    }
    if visitor.scopes.as_ref().is_some_and(|scopes| !scopes.contains(&rule.scope)) {
        return Err(Denied::Scope { needs: rule.scope });
    }
    if rule.reach == Reach::Workspace && visitor.numbers.is_some() {
        return Err(Denied::Workspace);
    }
    Ok(())
}

/// Whether the visitor may do this with this number of their workspace.
pub fn authorize_number(visitor: &Visitor, deed: Deed, number: Uuid) -> Result<(), Denied> {
    authorize(visitor, deed)?;
    if visitor.may_touch(number) { Ok(()) } else { Err(Denied::Number) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn visitor(role: Role) -> Visitor {
        Visitor { workspace: Uuid::nil(), role, who: Who::Operator, scopes: None, numbers: None }
    }

    #[test]
    fn there_is_one_rule_a_deed_in_the_order_of_the_enum_and_no_name_twice() {
        for (index, rule) in RULES.iter().enumerate() {
            assert_eq!(rule.deed as usize, index, "{}", rule.name);
        }
        assert_eq!(Deed::FollowEvents as usize + 1, RULES.len(), "FollowEvents is the last deed");
        assert_eq!(RULES.iter().map(|rule| rule.name).collect::<BTreeSet<_>>().len(), RULES.len());
    }

    #[test]
    fn names_lead_back_to_roles_and_scopes_and_every_scope_is_for_something() {
        assert!(Role::ALL.is_sorted() && Scope::ALL.is_sorted());
        assert!(Role::ALL.iter().all(|role| Role::named(role.name()) == Some(*role)));
        for scope in Scope::ALL {
            assert_eq!(Scope::named(scope.name()), Some(scope));
            assert!(RULES.iter().any(|rule| rule.scope == scope), "{scope}");
        }
        assert_eq!((Role::named("root"), Scope::named("*")), (None, None));
    }

    #[test]
    fn a_scope_narrows_a_role_and_never_widens_it() {
        let scoped = |role, scopes: &[Scope]| Visitor { scopes: Some(scopes.to_vec()), ..visitor(role) };
        let sender = scoped(Role::Owner, &[Scope::MessagesSend]);
        for rule in RULES {
            let expected = if rule.scope == Scope::MessagesSend {
                Ok(())
            } else {
                Err(Denied::Scope { needs: rule.scope })
            };
            assert_eq!(authorize(&sender, rule.deed), expected, "{}", rule.name);
            assert!(authorize(&scoped(Role::Owner, &[]), rule.deed).is_err(), "{}", rule.name);
            let all_scopes = scoped(Role::Viewer, &Scope::ALL);
            assert_eq!(authorize(&all_scopes, rule.deed), authorize(&visitor(Role::Viewer), rule.deed));
        }
    }

    #[test]
    fn whoever_is_limited_to_numbers_touches_those_alone_and_nothing_of_the_whole_workspace() {
        let (mine, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let limited = Visitor { numbers: Some(vec![mine]), ..visitor(Role::Owner) };
        for rule in RULES {
            let (on_mine, on_other) = match rule.reach {
                Reach::Numbers => (Ok(()), Err(Denied::Number)),
                Reach::Workspace => (Err(Denied::Workspace), Err(Denied::Workspace)),
            };
            assert_eq!(authorize_number(&limited, rule.deed, mine), on_mine, "{}", rule.name);
            assert_eq!(authorize_number(&limited, rule.deed, other), on_other, "{}", rule.name);
            assert_eq!(authorize_number(&visitor(Role::Owner), rule.deed, other), Ok(()), "{}", rule.name);
        }
        let nothing = Visitor { numbers: Some(Vec::new()), ..limited };
        assert_eq!(authorize_number(&nothing, Deed::SeeNumbers, mine), Err(Denied::Number));
    }
}
