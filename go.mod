module github.com/rounds-cme/rounds

go 1.26.0
