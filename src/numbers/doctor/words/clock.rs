//! What the doctor says about the clock.

use super::super::line::lines;

lines! { Clock
    OK = "ok", Ok:
        "The server's clock is right.", "";
        "Jam server tepat.", "";
    AHEAD = "ahead", Warning:
        "The server's clock is {seconds} seconds ahead, so times and the 24-hour window are shown wrongly.", "Ask your administrator to switch time synchronisation (NTP) on.";
        "Jam server lebih cepat {seconds} detik, sehingga waktu dan jendela 24 jam tampil keliru.", "Minta administrator mengaktifkan sinkronisasi waktu (NTP).";
    BEHIND = "behind", Warning:
        "The server's clock is {seconds} seconds behind, so times and the 24-hour window are shown wrongly.", "Ask your administrator to switch time synchronisation (NTP) on.";
        "Jam server lebih lambat {seconds} detik, sehingga waktu dan jendela 24 jam tampil keliru.", "Minta administrator mengaktifkan sinkronisasi waktu (NTP).";
    FAR = "far", Failed:
        "The server's clock is wrong by {minutes} minutes: sign-ins fail, and certificates are taken for invalid.", "Ask your administrator to set the clock and to switch time synchronisation (NTP) on at once.";
        "Jam server meleset {minutes} menit: login gagal, dan sertifikat dianggap tidak sah.", "Minta administrator segera menyetel jam dan mengaktifkan sinkronisasi waktu (NTP).";
    UNKNOWN = "unknown", Skipped:
        "Nobody answered whose clock could be compared.", "Test again when Meta can be reached.";
        "Tidak ada pembanding waktu yang menjawab.", "Uji lagi setelah Meta dapat dijangkau.";
}
