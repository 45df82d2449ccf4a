//! What the doctor says about the messaging limit.

use super::super::line::lines;

lines! { MessagingLimit
    OK = "ok", Ok:
        "The business may write first to {limit} customers in 24 hours; all its numbers share this.", "";
        "Bisnis boleh lebih dulu menghubungi {limit} pelanggan dalam 24 jam; batas ini dipakai bersama semua nomornya.", "";
    UNLIMITED = "unlimited", Ok:
        "The business may write first to as many customers as it likes.", "";
        "Bisnis boleh lebih dulu menghubungi pelanggan tanpa batas.", "";
    LOWEST = "lowest", Warning:
        "The business may write first to only 250 customers in 24 hours; answers do not count.", "Have the business verified (Business settings › Security centre › Start verification): that raises the limit to 2,000.";
        "Bisnis hanya boleh lebih dulu menghubungi 250 pelanggan dalam 24 jam; balasan tidak dihitung.", "Lakukan verifikasi bisnis (Pengaturan Bisnis › Pusat Keamanan › Mulai verifikasi): batasnya naik menjadi 2.000.";
    UNKNOWN = "unknown", Skipped:
        "Meta does not say the messaging limit.", "Look at WhatsApp Manager › Overview › Limits.";
        "Meta tidak menyebutkan batas pengiriman.", "Lihat WhatsApp Manager › Ringkasan › Batas.";
}
