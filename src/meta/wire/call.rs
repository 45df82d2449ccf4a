//! `calls[]`.

use super::scalar::{Int, Text};
use super::{Media, shape};

shape! {
    Call {
        id: Text<'a>,
        from: Text<'a>,
        from_user_id: Text<'a>,
        from_parent_user_id: Text<'a>,
        to: Text<'a>,
        to_user_id: Text<'a>,
        to_parent_user_id: Text<'a>,
        event: Text<'a>,
        direction: Text<'a>,
        timestamp: Int,
        status: Text<'a>,
        start_time: Int,
        end_time: Int,
        duration: Int,
        session: CallSession<'a>,
        biz_opaque_callback_data: Text<'a>,
        call_recording: CallRecording<'a>,
        call_transcript: CallTranscript<'a>,
    }
}

shape! {
    CallSession {
        sdp: Text<'a>,
        sdp_type: Text<'a>,
    }
}

shape! {
    CallRecording {
        #[serde(rename = "type")]
        kind: Text<'a>,
        audio: Media<'a>,
    }
}

shape! {
    CallTranscript {
        document: Media<'a>,
    }
}
