// Package i18ntest holds catalogs against each other and against the code that uses them,
// so that no reader ever meets a missing sentence or a wrong plural. A sentence
// that is missing in one language is found by nobody who speaks the other, so a test has to.
package i18ntest

import (
	"go/constant"
	"go/types"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"

	"github.com/rounds-cme/rounds/kit/i18n"
)

// plurals are the forms that a language needs for whole numbers.
func plurals(lang string) []string {
	if lang == "sl" {
		return []string{"few", "one", "other", "two"}
	}
	return []string{"one", "other"}
}

// Same fails unless all languages have the same keys, and plurals complete for the language.
func Same(t *testing.T, c *i18n.Catalog) {
	t.Helper()
	want := c.Keys(i18n.Fallback)
	for _, lang := range c.Languages() {
		have := c.Keys(lang)
		for _, key := range want {
			if !slices.Contains(have, key) {
				t.Errorf("%s lacks %q", lang, key)
			}
		}
		for _, key := range have {
			if !slices.Contains(want, key) {
				t.Errorf("%s has %q, which %s lacks", lang, key, i18n.Fallback)
			}
			if forms := c.Forms(lang, key); len(forms) > 0 && !slices.Equal(forms, plurals(lang)) {
				t.Errorf("%s %q has the plural forms %v, want %v", lang, key, forms, plurals(lang))
			}
		}
	}
}

// Used fails when the packages that match the patterns hold a constant of type
// i18n.Key that no catalog knows. Keys made at run time are not seen.
func Used(t *testing.T, c *i18n.Catalog, patterns ...string) {
	t.Helper()
	mode := packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedTypes | packages.NeedSyntax | packages.NeedTypesInfo
	loaded, err := packages.Load(&packages.Config{Mode: mode}, patterns...)
	if err != nil {
		t.Fatalf("load %v: %v", patterns, err)
	}
	seen := 0
	for _, pkg := range loaded {
		for _, e := range pkg.Errors {
			t.Errorf("load %s: %v", pkg.PkgPath, e)
		}
		for expr, tv := range pkg.TypesInfo.Types {
			if key, is := constantKey(tv); is {
				seen++
				if !c.Has(key) {
					t.Errorf("%s: no catalog has %q", pkg.Fset.Position(expr.Pos()), key)
				}
			}
		}
	}
	if seen == 0 {
		t.Errorf("no key used in %v: the check looks in the wrong place", patterns)
	}
}

// constantKey tells whether an expression is a whole constant key; "err." and the empty key are not.
func constantKey(tv types.TypeAndValue) (i18n.Key, bool) {
	if tv.Value == nil || tv.Value.Kind() != constant.String {
		return "", false
	}
	named, ok := tv.Type.(*types.Named)
	if !ok || named.Obj().Name() != "Key" || named.Obj().Pkg() == nil || !strings.HasSuffix(named.Obj().Pkg().Path(), "/kit/i18n") {
		return "", false
	}
	key := constant.StringVal(tv.Value)
	return i18n.Key(key), key != "" && !strings.HasSuffix(key, ".")
}
