//! What the doctor says about whether messages can be sent.

use super::super::line::lines;

lines! { Sending
    OK = "ok", Ok:
        "Messages can be sent.", "";
        "Pesan dapat dikirim.", "";
    PAUSED = "paused", Warning:
        "Sending has been paused since {when}; receiving goes on.", "Click Resume when messages shall go out again.";
        "Pengiriman dijeda sejak {when}; penerimaan tetap berjalan.", "Klik Lanjutkan jika pesan boleh dikirim lagi.";
    HEALTH_BLOCKED = "healthBlocked", Failed:
        "Meta reports that the {entity} cannot send: {words}", "{solution}";
        "Meta melaporkan bahwa {entity} tidak dapat mengirim: {words}", "{solution}";
    HEALTH_LIMITED = "healthLimited", Warning:
        "Meta reports that the {entity} can send only in part: {words}", "{solution}";
        "Meta melaporkan bahwa {entity} hanya dapat mengirim sebagian: {words}", "{solution}";
}
