// Nothing: the programs of tests share the headers that are precompiled for this file.
