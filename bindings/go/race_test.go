//go:build race

package msptk

func init() { underRace = true }
