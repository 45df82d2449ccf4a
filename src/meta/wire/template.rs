//! News about templates.

use super::scalar::{Int, Text};
use super::shape;

shape! {
    /// The value of every field whose name has `template` in it: their keys do not overlap in meaning.
    TemplateNews {
        event: Text<'a>,
        message_template_id: Text<'a>,
        message_template_name: Text<'a>,
        message_template_language: Text<'a>,
        message_template_category: Text<'a>,
        reason: Text<'a>,
        disable_info: DisableInfo<'a>,
        other_info: OtherInfo<'a>,
        rejection_info: RejectionInfo<'a>,
        previous_quality_score: Text<'a>,
        new_quality_score: Text<'a>,
        message_template_title: Text<'a>,
        message_template_element: Text<'a>,
        message_template_footer: Text<'a>,
        message_template_buttons: Vec<TemplateButton<'a>>,
        previous_category: Text<'a>,
        new_category: Text<'a>,
        correct_category: Text<'a>,
        category: Text<'a>,
        category_update_timestamp: Int,
    }
}

shape! {
    DisableInfo {
        disable_date: Text<'a>,
    }
}

shape! {
    OtherInfo {
        title: Text<'a>,
        description: Text<'a>,
    }
}

shape! {
    RejectionInfo {
        reason: Text<'a>,
        recommendation: Text<'a>,
    }
}

shape! {
    TemplateButton {
        message_template_button_type: Text<'a>,
        message_template_button_text: Text<'a>,
        message_template_button_url: Text<'a>,
        message_template_button_phone_number: Text<'a>,
    }
}
