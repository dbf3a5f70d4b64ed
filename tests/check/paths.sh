#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Nothing in the tree may name a folder of the machine it was written on, or
# the host of a package archive (apt knows those itself). A guest's /root is no
# machine's.
set -euo pipefail
bad=0

! git grep -nIE '(^|[^a-zA-Z0-9._-])/(work|home)/[a-z.]|[a-z]+\.debian\.org/debian' \
	-- . ':!tests/check/paths.sh' ':!LICENSE' || bad=1
! git grep -nIE '(^|[^a-zA-Z0-9._-])/root/[a-z.]' -- . ':!tests/check/paths.sh' ':!tests/scenarios' ':!tests/demo' \
	':!tests/rig/full' ':!tests/host/full-vm.sh' || bad=1
exit $bad
