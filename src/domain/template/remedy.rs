//! What to do about a template that cannot be sent.

/// What to do, by its status and Meta's reason. None: it can be sent, or nothing is known.
pub fn next_step(status: &str, reason: Option<&str>) -> Option<&'static str> {
    Some(match status {
        "REJECTED" => after_rejection(reason.unwrap_or_default()),
        "PENDING" => "Wait for Meta's review, which takes up to 24 hours.",
        "IN_APPEAL" => "Wait for Meta's decision on the appeal.",
        "PAUSED" => {
            "Use another template until the pause is over (3 hours, then 6), and improve this one: the third pause \
             is for good. Meta may lift the pause of a new template when asked (unpauseTemplate)."
        }
        "DISABLED" => "Make a new template with other content: this one stays off.",
        "FLAGGED" => {
            "Improve it or send it to fewer people: if customers go on disliking it, it is switched off."
        }
        "LIMIT_EXCEEDED" => "Delete templates that are not used: the account has as many as it may have.",
        "ARCHIVED" => "Take it out of the archive (unarchiveTemplate) within 28 days, or make a new one.",
        "PENDING_DELETION" | "DELETED" => "Make a new template, under another name for the next 30 days.",
        _ => return None,
    })
}

/// Meta (2026-07): the reasons of a rejection.
fn after_rejection(reason: &str) -> &'static str {
    match reason {
        "ABUSIVE_CONTENT" => {
            "Take out what breaks WhatsApp's rules, or what asks for confidential data, and edit it."
        }
        "INCORRECT_CATEGORY" | "TAG_CONTENT_MISMATCH" => {
            "Edit it so that the content fits its category and language, or choose the category that fits."
        }
        "INVALID_FORMAT" => {
            "Look at its variables: numbered from {{1}} on, apart from each other, with examples; correct it and edit it."
        }
        "PROMOTIONAL" => "Hand it in as MARKETING, or take the advertisement out.",
        "SCAM" => "Take out what looks like a fraud, such as misleading links or promises, and edit it.",
        "CATEGORY_NOT_AVAILABLE" => "Choose another category.",
        _ => "Read Meta's reason, correct the template, and edit it; or appeal in WhatsApp Manager.",
    }
}

#[cfg(test)]
mod tests {
    use super::next_step;
    use crate::domain::template::is_sendable;

    #[test]
    fn whatever_cannot_be_sent_has_a_next_step() {
        let words = [
            "APPROVED",
            "REINSTATED",
            "UNARCHIVED",
            "LOCKED",
            "REJECTED",
            "PENDING",
            "IN_APPEAL",
            "PAUSED",
            "DISABLED",
            "LIMIT_EXCEEDED",
            "ARCHIVED",
            "PENDING_DELETION",
            "DELETED",
        ];
        for word in words {
            assert_eq!(next_step(word, None).is_none(), is_sendable(word), "{word}");
        }
        let reasons = ["ABUSIVE_CONTENT", "INVALID_FORMAT", "PROMOTIONAL", "SCAM", "INCORRECT_CATEGORY", "?"];
        let mut steps: Vec<_> = reasons.map(|reason| next_step("REJECTED", Some(reason))).to_vec();
        steps.dedup();
        assert_eq!(steps.len(), reasons.len());
    }
}
