// Everything in ledger/, linked whole and without an RPC library: it would not link if it called one.
int main() { return 0; }
