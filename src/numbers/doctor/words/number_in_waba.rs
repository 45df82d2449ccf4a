//! What the doctor says about whether the number belongs to the account.

use super::super::line::lines;

lines! { NumberInWaba
    OK = "ok", Ok:
        "{display} belongs to this WhatsApp account.", "";
        "{display} termasuk dalam akun WhatsApp Business ini.", "";
    NOT_IN_WABA = "notInWaba", Failed:
        "The number {pnid} is not among those of the account {waba}.", "Choose one of its numbers ({list}), or check in WhatsApp Manager › Phone numbers in which account the number is.";
        "Nomor {pnid} tidak termasuk nomor-nomor akun {waba}.", "Pilih salah satu nomornya ({list}), atau periksa di WhatsApp Manager › Nomor telepon di akun mana nomor itu berada.";
    NOT_SEEN = "notSeen", Failed:
        "Meta does not know the number id {pnid}, or the token may not see it: it was deleted, moved, or mistyped.", "Copy the id from WhatsApp Manager › Phone numbers (choose the number), or from App dashboard › WhatsApp › API setup.";
        "Meta tidak mengenal ID nomor {pnid}, atau token tidak boleh melihatnya: sudah dihapus, dipindahkan, atau salah ketik.", "Salin ID dari WhatsApp Manager › Nomor telepon (pilih nomornya), atau dari Dasbor Aplikasi › WhatsApp › Penyiapan API.";
    IS_PHONE = "isPhone", Failed:
        "{pnid} is the phone number itself; Meta needs the number's id.", "Copy \"Phone number ID\" from App dashboard › WhatsApp › API setup.";
        "{pnid} adalah nomor teleponnya; Meta membutuhkan ID nomor.", "Salin \"ID nomor telepon\" (Phone number ID) dari Dasbor Aplikasi › WhatsApp › Penyiapan API.";
    IS_WABA = "isWaba", Failed:
        "{pnid} is the id of the WhatsApp account, not that of the number.", "Copy \"Phone number ID\" from App dashboard › WhatsApp › API setup.";
        "{pnid} adalah ID akun WhatsApp Business, bukan ID nomor.", "Salin \"ID nomor telepon\" (Phone number ID) dari Dasbor Aplikasi › WhatsApp › Penyiapan API.";
    OTHER_DISPLAY = "otherDisplay", Warning:
        "Meta gives this number as {found}, and here it stands as {saved}.", "Check that it is the number you mean; \"Refresh\" takes over Meta's.";
        "Menurut Meta nomor ini adalah {found}, sedangkan di sini tercatat {saved}.", "Pastikan itu nomor yang Anda maksud; \"Muat ulang\" memakai data dari Meta.";
}
