//! Limits of orders. The reference has few: what else a country's payments ask for, Meta says.

use super::super::breach::Judge;
use super::super::order::{OrderDetails, OrderStatus};

pub(super) fn details(judge: &mut Judge, at: &str, details: &OrderDetails) {
    judge.filled(&format!("{at}.referenceId"), &details.reference_id);
    judge.filled(&format!("{at}.currency"), &details.currency);
    judge.filled(&format!("{at}.order.status"), &details.order.status);
    for (index, item) in details.order.items.iter().enumerate() {
        judge.filled(&format!("{at}.order.items[{index}].name"), &item.name);
    }
}

pub(super) fn status(judge: &mut Judge, at: &str, status: &OrderStatus) {
    judge.filled(&format!("{at}.referenceId"), &status.reference_id);
    judge.filled(&format!("{at}.status"), &status.status);
}
