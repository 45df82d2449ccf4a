//! What the doctor says about the display name.

use super::super::line::lines;

lines! { Name
    OK = "ok", Ok:
        "Customers see \"{name}\".", "";
        "Pelanggan melihat \"{name}\".", "";
    PENDING = "pending", Warning:
        "Meta is still reviewing the display name \"{name}\"; until then the number may send little.", "Wait, usually a day or two; WhatsApp Manager › Phone numbers shows the state.";
        "Meta masih meninjau nama tampilan \"{name}\"; sampai selesai, pengiriman nomor ini terbatas.", "Tunggu, biasanya satu atau dua hari; statusnya ada di WhatsApp Manager › Nomor telepon.";
    DECLINED = "declined", Failed:
        "Meta has declined the display name \"{name}\", so customers do not see it and sending is limited.", "Choose a name that shows the business (WhatsApp Manager › Phone numbers › the number › Profile › Edit name), and send it for review.";
        "Meta menolak nama tampilan \"{name}\", sehingga pelanggan tidak melihatnya dan pengiriman dibatasi.", "Pilih nama yang mencerminkan bisnis (WhatsApp Manager › Nomor telepon › nomornya › Profil › Edit nama), lalu ajukan untuk ditinjau.";
    EXPIRED = "expired", Warning:
        "The approval of the display name has expired.", "Register the number once more; if that does not help, send the name for review again in WhatsApp Manager › Phone numbers.";
        "Persetujuan nama tampilan sudah kedaluwarsa.", "Daftarkan ulang nomor; jika tidak membantu, ajukan lagi namanya di WhatsApp Manager › Nomor telepon.";
    NONE = "none", Warning:
        "The number has no display name.", "Give it one in WhatsApp Manager › Phone numbers › the number › Profile.";
        "Nomor belum punya nama tampilan.", "Isi di WhatsApp Manager › Nomor telepon › nomornya › Profil.";
    APPROVED_NOT_SHOWN = "approvedNotShown", Warning:
        "The new name \"{name}\" is approved, but shows only after the number is registered again.", "Click Repair: the number is registered again with the saved PIN.";
        "Nama baru \"{name}\" sudah disetujui, tetapi baru tampil setelah nomor didaftarkan ulang.", "Klik Perbaiki: nomor akan didaftarkan ulang dengan PIN yang tersimpan.";
}
