module msptk

go 1.18
