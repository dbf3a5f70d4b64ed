# SPDX-License-Identifier: GPL-2.0
# Stacked bars of instructions per I/O, two panels to a row. report.py sets
#   kind    svg or png
#   out     the file
#   panels  how many
#   files   their data: name, linear, cipher, overhead, 1 for hostcrypt, all
#   titles  theirs, with | in between
#   most    the longest bar


rows = panels / 2
width = 1080
height = 78 + 282 * rows
ink = "#24292f"
pale = "#6e7781"

if (kind eq "svg") {
	set terminal svg size width, height dynamic enhanced \
		font "Helvetica, Arial, DejaVu Sans, sans-serif,14" background rgb "white"
} else {
	set terminal pngcairo size 2 * width, 2 * height enhanced \
		font "DejaVu Sans,12" fontscale 1.6 linewidth 2 background rgb "white"
}
set output out

# Pixels from the top, and a number with a comma.
y(pixels) = 1 - 1.0 * pixels / height
comma(n) = n < 1000 ? sprintf("%d", n) : sprintf("%d,%03d", int(n) / 1000, int(n) % 1000)

set multiplot
set style fill solid 1.0 noborder
set border 0
set tics nomirror scale 0
set xtics textcolor rgb pale font ",10" offset 0, 0.4
set xtics ("0" 0)
set for [n = 10000:60000:10000] xtics add (comma(n) n)
set ytics textcolor rgb ink font ",12"
set grid xtics linecolor rgb "#eaeef2" linewidth 1 linetype 1
set xrange [0:most * 1.2]
set yrange [-0.6:5.6]
unset key
thick = 0.33

# The title and the legend stand above the first panel and are drawn with it.
array colour[4] = ["#c9d1d9", "#6f9bc8", "#e3a04f", "#1f8a5b"]
array meaning[4] = ["device mapper and disk", "the cipher alone", "the rest of dm-crypt", \
	"the rest of hostcrypt"]
array place[4] = [0.315, 0.510, 0.660, 0.832]
set label 1 "Instructions per I/O" at screen 0.02, y(26) font ",17" textcolor rgb ink
do for [i = 1:4] {
	set object i rectangle from screen place[i] - 0.018, y(32) to screen place[i] - 0.006, y(19) \
		fillcolor rgb colour[i] fillstyle solid noborder
	set label i + 1 meaning[i] at screen place[i], y(25.5) font ",12" textcolor rgb ink
}
set label 6 "512 and 4096: bytes of a data unit. tuned: no\\_read\\_workqueue, no\\_write\\_workqueue." \
	at screen 0.02, y(height - 18) font ",11" textcolor rgb pale

rest = titles . "|"
do for [i = 1:panels] {
	bar = strstrt(rest, "|")
	left = 0.165 + 0.495 * ((i - 1) % 2)
	top = 46 + 282 * ((i - 1) / 2)
	set lmargin at screen left
	set rmargin at screen left + 0.335
	set tmargin at screen y(top + 34)
	set bmargin at screen y(top + 258)
	set label 10 substr(rest, 1, bar - 1) at screen left, y(top + 20) font ",14" textcolor rgb ink
	rest = substr(rest, bar + 1, strlen(rest))
	plot word(files, i) using ($2 / 2):0:($2 / 2):(thick):ytic(1) \
			with boxxyerror linecolor rgb colour[1], \
		"" using ($2 + $3 / 2):0:($3 / 2):(thick) \
			with boxxyerror linecolor rgb colour[2], \
		"" using ($5 == 0 ? $2 + $3 + $4 / 2 : NaN):0:($4 / 2):(thick) \
			with boxxyerror linecolor rgb colour[3], \
		"" using ($5 == 1 ? $2 + $3 + $4 / 2 : NaN):0:($4 / 2):(thick) \
			with boxxyerror linecolor rgb colour[4], \
		"" using ($2 + $3 + $4):0:(comma($6)) \
			with labels left offset 0.6, 0 font ",11" textcolor rgb ink
	do for [j = 1:6] { unset label j }
	do for [j = 1:4] { unset object j }
}
unset multiplot
