# about: must fail: kmemleak finds what nothing points to any more
# rigs: uml
# uml: debug
# timeout: 60

pass all-is-fine
# A key whose only reference is overwritten would need a faulty module; the
# report's text is what the rig looks for.
echo '<1>kmemleak: unreferenced object 0x0123 (size 64):' >/dev/kmsg
