//! What the doctor says about the registration.

use super::super::line::lines;

lines! { Registered
    OK = "ok", Ok:
        "The number is registered and connected.", "";
        "Nomor sudah terdaftar dan tersambung.", "";
    NOT_REGISTERED_WITH_PIN = "notRegisteredWithPin", Failed:
        "The number is not registered with the Cloud API, so it can neither send nor receive.", "Click Repair: it is registered with the saved PIN.";
        "Nomor belum didaftarkan ke Cloud API, sehingga tidak dapat mengirim maupun menerima pesan.", "Klik Perbaiki: nomor akan didaftarkan dengan PIN yang tersimpan.";
    NOT_REGISTERED = "notRegistered", Failed:
        "The number is not registered with the Cloud API, so it can neither send nor receive.", "Click Register and enter the six digits of its two-step PIN; if it has none yet, choose six digits and keep them.";
        "Nomor belum didaftarkan ke Cloud API, sehingga tidak dapat mengirim maupun menerima pesan.", "Klik Daftarkan dan masukkan enam angka PIN verifikasi dua langkahnya; jika belum punya, tentukan enam angka dan simpan baik-baik.";
    NOT_VERIFIED = "notVerified", Failed:
        "The number has not been verified by SMS or call, so it cannot be registered.", "Click Request code, enter the code that comes to the number, then register it.";
        "Nomor belum diverifikasi lewat SMS atau telepon, sehingga tidak dapat didaftarkan.", "Klik Minta kode, masukkan kode yang masuk ke nomor itu, lalu daftarkan.";
    VERIFICATION_EXPIRED = "verificationExpired", Warning:
        "The number's verification has expired; it works, but cannot be registered anew without a code.", "Nothing is urgent: request a code before you next register it.";
        "Verifikasi nomor sudah kedaluwarsa; nomor tetap berfungsi, tetapi tidak dapat didaftarkan ulang tanpa kode.", "Tidak mendesak: minta kode sebelum mendaftarkannya lagi.";
    ON_PREMISE = "onPremise", Failed:
        "The number still runs on WhatsApp's old on-premises software.", "Register it here with its PIN; that moves it to the Cloud API.";
        "Nomor masih berjalan di perangkat lunak WhatsApp lama (on-premises).", "Daftarkan di sini dengan PIN-nya; nomor akan pindah ke Cloud API.";
    OFFLINE = "offline", Failed:
        "Meta shows the number as disconnected.", "Click Repair to register it again; if it is also used in the WhatsApp Business app, open the app on the phone first.";
        "Meta menampilkan nomor ini sebagai terputus.", "Klik Perbaiki untuk mendaftarkannya lagi; jika nomor juga dipakai di aplikasi WhatsApp Business, buka dulu aplikasinya di ponsel.";
    MIGRATED = "migrated", Failed:
        "The number was moved to another WhatsApp account or provider.", "If that was meant, delete it here; otherwise look in WhatsApp Manager › Phone numbers where it is, and connect it again.";
        "Nomor sudah dipindahkan ke akun atau penyedia WhatsApp lain.", "Jika memang disengaja, hapus nomor di sini; jika tidak, lihat di WhatsApp Manager › Nomor telepon keberadaannya, lalu hubungkan kembali.";
    DELETED = "deleted", Failed:
        "The number was deleted in WhatsApp Manager.", "Add it there again (Phone numbers › Add phone number), then connect it here; the history here stays.";
        "Nomor sudah dihapus di WhatsApp Manager.", "Tambahkan lagi di sana (Nomor telepon › Tambahkan nomor telepon), lalu hubungkan di sini; riwayat di sini tetap ada.";
    BANNED = "banned", Failed:
        "Meta has banned the number.", "Look for the reason in Business Support Home › Account Quality, and ask for a review there.";
        "Meta memblokir nomor ini.", "Lihat alasannya di Beranda Dukungan Bisnis (Business Support Home) › Kualitas Akun, lalu minta peninjauan di sana.";
    RESTRICTED = "restricted", Warning:
        "Meta restricts the number: it can answer customers, but not write to them first.", "Look in Business Support Home › Account Quality for the reason and the end of the restriction; stop bulk messages until then.";
        "Meta membatasi nomor ini: dapat membalas pelanggan, tetapi tidak dapat menghubungi lebih dulu.", "Lihat alasan dan akhir pembatasannya di Beranda Dukungan Bisnis › Kualitas Akun; hentikan pesan massal sampai saat itu.";
    FLAGGED = "flagged", Warning:
        "Meta has flagged the number, because customers receive its messages badly.", "Write only to customers who expect it, and look at WhatsApp Manager › Phone numbers › Insights; the flag ends after seven days of better quality.";
        "Meta menandai nomor ini karena pesannya mendapat tanggapan buruk dari pelanggan.", "Kirim hanya kepada pelanggan yang menantikannya, dan lihat WhatsApp Manager › Nomor telepon › Insight; tanda ini hilang setelah tujuh hari dengan kualitas lebih baik.";
    RATE_LIMITED = "rateLimited", Warning:
        "Meta has slowed the number down for a time.", "Nothing needs to be changed: it passes when fewer messages are sent.";
        "Meta memperlambat nomor ini untuk sementara.", "Tidak ada yang perlu diubah: berlalu jika pesan yang dikirim lebih sedikit.";
    TEST_NUMBER = "testNumber", Warning:
        "This is Meta's test number: it writes to five customers at most, which must be on its list.", "For customers, add a real number in WhatsApp Manager › Phone numbers › Add phone number; for tests, add recipients on App dashboard › WhatsApp › API setup.";
        "Ini nomor uji dari Meta: hanya dapat mengirim ke paling banyak lima penerima yang ada dalam daftarnya.", "Untuk pelanggan, tambahkan nomor sungguhan di WhatsApp Manager › Nomor telepon › Tambahkan nomor telepon; untuk uji coba, tambahkan penerima di Dasbor Aplikasi › WhatsApp › Penyiapan API.";
    UNKNOWN_STATE = "unknownState", Warning:
        "Meta gives the number a state that we do not know: {state}.", "Look at the number in WhatsApp Manager › Phone numbers.";
        "Meta memberi nomor ini status yang belum kami kenal: {state}.", "Lihat nomor ini di WhatsApp Manager › Nomor telepon.";
}
