// go run harness.go FOLDER: runs the vectors in FOLDER against verify.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
)

// Case has the members of both kinds. Byte strings are base64url.
type Case struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	RP   struct {
		ID      string   `json:"id"`
		Origins []string `json:"origins"`
		Profile string   `json:"profile"`
	} `json:"rp"`
	Challenge        string          `json:"challenge"`
	UserVerification string          `json:"user_verification"`
	Algorithms       []int           `json:"algorithms"`
	Attestation      json.RawMessage `json:"attestation"`
	Credential       json.RawMessage `json:"credential"`
	AllowCredentials []string        `json:"allow_credentials"`
	Response         json.RawMessage `json:"response"`
	Expect           struct {
		Result string `json:"result"`
		Reason string `json:"reason"`
	} `json:"expect"`
}

// verify calls your library. It returns nil if the library accepts test.Response.
func verify(test Case) error {
	return fmt.Errorf("call your library for a case of the kind %s", test.Kind)
}

func main() {
	files, err := filepath.Glob(filepath.Join(os.Args[1], "*.json"))
	if err != nil {
		panic(err)
	}
	sort.Strings(files)
	passed, failed := 0, 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			panic(err)
		}
		var vectors struct {
			Cases []Case `json:"cases"`
		}
		if err := json.Unmarshal(text, &vectors); err != nil {
			panic(err)
		}
		for _, test := range vectors.Cases {
			result, got := "accept", "accept"
			if err := verify(test); err != nil {
				result, got = "reject", "reject: "+err.Error()
			}
			if result == test.Expect.Result {
				passed++
				continue
			}
			failed++
			fmt.Printf("FAILED %s\n  expected %s %s\n  got      %s\n", test.ID, test.Expect.Result, test.Expect.Reason, got)
		}
	}
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
