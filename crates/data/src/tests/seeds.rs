//! First inputs for the fuzz targets: `LRSCOPE_SEEDS=fuzz/corpus cargo test --release --lib -- --ignored seeds`.

use std::fs;
use std::path::Path;

use parquet::basic::Compression;

use super::bad_parquet::{Column, parquet};
use super::made::{COLOUR, GREY, archive, few, gzip, idx_pair, pickle, pictures, pngs, records};
use super::reading::sheet_package;

#[test]
#[ignore = "writes files for the fuzz targets"]
fn seeds() {
    let Some(corpus) = std::env::var_os("LRSCOPE_SEEDS") else { return };
    let write = |target: &str, name: &str, bytes: &[u8]| {
        let folder = Path::new(&corpus).join(target);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), bytes).unwrap();
    };
    let (grey, colour, test) = (pictures(&GREY, 0), pictures(&COLOUR, 0), pictures(&few(COLOUR), 1));
    let (images, labels) = idx_pair(&grey);
    write("idx", "pictures", &images);
    write("idx", "labels", &labels);
    write("idx", "pictures.gz", &gzip(&images));
    let form = |form: u8, bytes: Vec<u8>| [vec![form], bytes].concat();
    write("cifar", "binary", &form(0, records(&colour, 0..2)));
    write("cifar", "python", &form(1, pickle(&colour, 0..2)));
    let rows = Column::pictures(&pngs(&grey), &grey.labels);
    for (name, compression, dictionary) in
        [("plain", Compression::UNCOMPRESSED, false), ("snappy-dictionary", Compression::SNAPPY, true)]
    {
        write("parquet", name, &parquet("image", &rows, 4, compression, dictionary));
    }
    let few_grey = idx_pair(&pictures(&few(GREY), 1));
    let names = crate::idx_folder::IDX.iter().map(|file| format!("package/data/{file}"));
    let files: Vec<_> = names.zip([images, labels, few_grey.0, few_grey.1]).collect();
    write("npm", "idx", &form(2, archive(&files)));
    write("npm", "sheets", &form(3, archive(&sheet_package(&colour, &test))));
}
