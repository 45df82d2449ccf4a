//! Access: who calls, what they may do, and who did what.
//!
//! Every way in goes through `Access::recognise`, every deed through `authorize` (the rules are data, in `role`), every
//! change into the audit log.

mod access;
pub mod audit;
mod jwks;
pub mod key;
mod role;
mod token;

pub use access::{Access, Refused};
pub use audit::Audit;
pub use key::{ApiKey, ApiKeys, NewApiKey};
pub use role::{Deed, Denied, RULES, Reach, Role, Rule, Scope, Visitor, Who, authorize, authorize_number};
pub use token::Unusable;
