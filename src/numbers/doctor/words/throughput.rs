//! What the doctor says about the sending speed.

use super::super::line::lines;

lines! { Throughput
    STANDARD = "standard", Ok:
        "Up to 80 messages a second, sent and received together.", "";
        "Hingga 80 pesan per detik, terkirim dan diterima.", "";
    HIGH = "high", Ok:
        "Up to 1,000 messages a second, sent and received together.", "";
        "Hingga 1.000 pesan per detik, terkirim dan diterima.", "";
    COEXISTENCE = "coexistence", Ok:
        "Up to 20 messages a second, because the number is also used in the WhatsApp Business app.", "";
        "Hingga 20 pesan per detik, karena nomor juga dipakai di aplikasi WhatsApp Business.", "";
    NONE = "none", Warning:
        "Meta gives the number no sending speed, which it does while a number is not ready.", "See the step \"Number is registered\"; test again when it is green.";
        "Meta belum memberi nomor ini kecepatan pengiriman, karena nomor belum siap.", "Lihat langkah \"Nomor terdaftar\"; uji lagi setelah langkah itu hijau.";
    UNKNOWN = "unknown", Skipped:
        "Meta does not say the sending speed.", "Look at WhatsApp Manager › Phone numbers.";
        "Meta tidak menyebutkan kecepatan pengiriman.", "Lihat WhatsApp Manager › Nomor telepon.";
}
