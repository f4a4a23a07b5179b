module cases

go 1.18

require msptk v0.0.0

replace msptk => ../../../../bindings/go
