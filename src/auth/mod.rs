//! Access: who calls, and what they may do.
//!
//! `role` holds the rules. Every way in goes through `Access::recognise`, every deed through `authorize`.

mod role;

pub use role::{
    Deed, Denied, RULES, Reach, Role, Rule, Scope, Visitor, Who, authorize, authorize_number,
};
