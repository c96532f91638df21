// How jemalloc serves the daemon; it reads this before the first allocation.
//
// Huge pages: the tables of persons and ids are walked at random and the write buffers are filled from
// end to end, so that page faults and misses of the translation buffer cost a fifth of the appends.

extern "C" const char* malloc_conf;
const char* malloc_conf = "thp:always";
