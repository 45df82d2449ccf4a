//! What the doctor says about the quality.

use super::super::line::lines;

lines! { Quality
    GREEN = "green", Ok:
        "The quality is high.", "";
        "Kualitasnya tinggi.", "";
    UNKNOWN = "unknown", Ok:
        "There is no quality rating yet, as too little was sent.", "";
        "Belum ada peringkat kualitas karena pesan yang dikirim masih sedikit.", "";
    YELLOW = "yellow", Warning:
        "The quality is medium: some customers block the number or report it.", "Write only to customers who agreed to it, and improve the templates with the worst rating (WhatsApp Manager › Message templates).";
        "Kualitasnya sedang: sebagian pelanggan memblokir atau melaporkan nomor ini.", "Kirim hanya kepada pelanggan yang sudah setuju, dan perbaiki templat dengan peringkat terburuk (WhatsApp Manager › Templat pesan).";
    RED = "red", Warning:
        "The quality is low: many customers block the number or report it, and Meta may limit it.", "Stop bulk messages now, see in WhatsApp Manager › Phone numbers › Insights why customers block you, and begin again with few messages when the rating is better.";
        "Kualitasnya rendah: banyak pelanggan memblokir atau melaporkan nomor ini, dan Meta dapat membatasinya.", "Hentikan pesan massal sekarang, lihat di WhatsApp Manager › Nomor telepon › Insight alasan pelanggan memblokir Anda, dan mulai lagi sedikit demi sedikit setelah peringkatnya membaik.";
}
