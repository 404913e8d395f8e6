"""The page in a browser: predict, sort, explain, upload, screen, export, errors, keyboard, dark mode, 320 px, and what axe-core finds.

    python page.py --fusebind target/release/fusebind --run RUN --shots DIR [--chromium /usr/bin/chromium]

Starts a server of its own on a loopback address. Ends with 1 where something is wrong; pictures of each step are in DIR.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

from playwright.sync_api import expect, sync_playwright

SEQUENCE = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQVKVKALPDAQFEVVHSLAKWKRQTLGQHDFSAGEGLYTHMKALRPDEDRLSPLHSVYVDQWDWERVMGDGERQFSTLKSTVEAIWAGIKATEAAVSEEFGLAPFLPDQIHFVHSQELLSRYPDLDAKGRERAIAKDLGAVFLVGIGGKLSDGHRHDVRAPDYDDWSTPSELGHAGLNGDILVWNPVLEDAFELSSMGIRVDADTLKHQLALTGDEDRLELEWHQALLRGEMPQTIGGGIGQSRLTMLLLQLPHIGQVQAGVWPAAVRESVPSLL"
EVIL = "<img src=x onerror=alert(1)>"


def server(program, run):
    """A server and its address."""
    child = subprocess.Popen([program, "serve", run, "--port", "0", "--quiet"], stdout=subprocess.PIPE, text=True)
    return child, child.stdout.readline().strip()


def sd_record(name):
    """Ethanol as an SD record."""
    atoms = "".join(f"    {x:6.4f}    0.0000    0.0000 {e:<3} 0  0  0  0  0  0  0  0  0  0  0  0\n" for x, e in [(0, "C"), (1.5, "C"), (3, "O")])
    return f"{name}\n  test\n\n  3  2  0  0  0  0  0  0  0  0999 V2000\n{atoms}  1  2  1  0\n  2  3  1  0\nM  END\n$$$$\n"


class Test:
    def __init__(self, page, address, shots):
        self.page, self.address, self.shots = page, address, shots
        self.said = []
        page.on("console", lambda line: line.type == "error" and self.said.append(line.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: request.url.startswith((address, "data:", "blob:")) or self.said.append(request.url))
        page.on("dialog", lambda dialog: (self.said.append("a script ran"), dialog.dismiss()))

    def shot(self, name, whole=True):
        self.page.screenshot(path=str(self.shots / f"{name}.png"), full_page=whole)

    def fits(self):
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"the page is {wide} px too wide"

    def rows(self):
        return self.page.locator("#table tbody tr")

    def predict(self):
        page = self.page
        page.goto(self.address)
        expect(page.locator("#model dt").first).to_be_visible()
        self.shot("1-empty")
        page.fill("#compounds", f"CC(=O)Oc1ccccc1C(=O)O aspirin\nCN1C=NC2=C1C(=O)N(C(=O)N2C)C {EVIL}\nC( broken\n")
        page.fill("#targets", f">first {EVIL}\n{SEQUENCE}\n>second\n{SEQUENCE[40:]}\n")
        # By keyboard alone.
        page.focus("#ask button[type=submit]")
        page.keyboard.press("Enter")
        expect(self.rows()).to_have_count(4)
        expect(page.locator("#results")).to_be_focused()
        expect(page.locator("#faults li")).to_have_count(1)
        expect(page.locator("#table")).to_contain_text("<img")
        assert page.locator("#table img").count() == 0, "a name became HTML"
        self.shot("2-predictions")

    def sort(self):
        page = self.page
        head = page.locator("#table thead th", has_text="Prediction")
        head.locator("button").click()
        expect(head).to_have_attribute("aria-sort", "descending")
        values = [float(cell) for cell in page.locator("#table tbody td.number:nth-of-type(2)").all_inner_texts()]
        assert values == sorted(values, reverse=True), values
        head.locator("button").click()
        expect(head).to_have_attribute("aria-sort", "ascending")

    def explain(self):
        page = self.page
        page.get_by_role("button", name="Why: aspirin").first.click()
        expect(page.locator("#why img.drawing")).to_be_visible()
        assert page.locator("#why img.drawing").evaluate("image => image.naturalWidth") > 0
        expect(page.locator("#why .strip")).to_be_visible()
        expect(page.locator("#why")).to_contain_text("Training pairs that it rests on")
        self.shot("3-why", whole=False)
        page.locator("#why").evaluate("dialog => dialog.scrollTo(0, dialog.scrollHeight)")
        self.shot("4-why-end", whole=False)
        page.keyboard.press("Escape")
        expect(page.locator("#why")).to_be_hidden()

    def export(self):
        page = self.page
        with page.expect_download() as download:
            page.click("#save-csv")
        text = pathlib.Path(download.value.path()).read_text()
        assert text.count("\n") == 5 and "prediction" in text.splitlines()[0], text[:300]
        with page.expect_download() as download:
            page.click("#save-json")
        saved = json.loads(pathlib.Path(download.value.path()).read_text())
        assert len(saved["results"]) == 4 and len(saved["rejected"]) == 1

    def upload_and_screen(self):
        page = self.page
        with tempfile.TemporaryDirectory() as folder:
            library = pathlib.Path(folder) / "library.sdf"
            library.write_text("".join(sd_record(f"m{at}") for at in range(3)))
            page.set_input_files("#compounds-file", str(library))
            page.click("#ask button[type=submit]")
            expect(self.rows()).to_have_count(6)
            expect(page.locator("#table")).to_contain_text("m2")
            table = pathlib.Path(folder) / "library.csv"
            table.write_text("id,smiles\n" + "".join(f"c{at},{'C' * (1 + at % 30)}O\n" for at in range(3000)))
            page.set_input_files("#compounds-file", str(table))
            page.fill("#top", "150")
            page.click("#screen")
            expect(page.locator("#table caption")).to_contain_text("300 predictions", timeout=60_000)
            expect(self.rows()).to_have_count(100)
            expect(page.locator("#table thead")).to_contain_text("Rank")
            page.click("#later")
            expect(page.locator("#page-place")).to_contain_text("Rows 101 to 200")
            self.shot("5-screening")
            page.click("#compounds-clear")

    def errors(self):
        page = self.page
        page.fill("#targets", "this is not a protein")
        page.click("#ask button[type=submit]")
        expect(page.locator("#faults li").last).to_be_visible()
        self.shot("6-errors")
        page.fill("#targets", "")
        page.click("#ask button[type=submit]")
        expect(page.locator("#problem")).to_contain_text("There are no proteins yet")
        page.click("#example")
        expect(page.locator("#targets")).not_to_have_value("")
        page.click("#ask button[type=submit]")
        expect(self.rows().first).to_be_visible()

    def narrow(self):
        page = self.page
        page.set_viewport_size({"width": 320, "height": 700})
        self.fits()
        self.shot("7-narrow")
        page.get_by_role("button", name="Why:").first.click()
        expect(page.locator("#why img.drawing")).to_be_visible()
        self.fits()
        self.shot("8-narrow-why", whole=False)
        page.click("#close")
        page.goto(f"{self.address}/docs")
        expect(page.locator("#addresses h3").first).to_be_visible()
        self.fits()
        page.set_viewport_size({"width": 1280, "height": 900})
        self.shot("9-docs", whole=False)
        self.accessible("docs")

    def dark(self):
        self.page.emulate_media(color_scheme="dark")
        self.shot("10-dark")
        self.accessible("dark")
        self.page.get_by_role("button", name="Why:").first.click()
        expect(self.page.locator("#why img.drawing")).to_be_visible()
        self.shot("11-dark-why", whole=False)
        self.accessible("dark, why")
        self.page.click("#close")
        self.page.emulate_media(color_scheme="light")
        self.accessible("light")

    def accessible(self, where):
        """What axe-core finds, where it is installed."""
        try:
            from axe_core_python.sync_playwright import Axe
        except ImportError:
            print("axe-core-python is not installed: its check is left out")
            return
        script = pathlib.Path(sys.modules[Axe.__module__].__file__).parent / "axe.min.js"
        # Through the debugger, which the policy of the page does not bind.
        self.page.evaluate(script.read_text())
        found = self.page.evaluate("axe.run()")["violations"]
        problems = [f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:120]}" for one in found]
        assert not problems, f"{where}: " + "\n".join(problems)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fusebind", required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--shots", required=True, type=pathlib.Path)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    args = parser.parse_args()
    args.shots.mkdir(parents=True, exist_ok=True)
    child, address = server(args.fusebind, args.run)
    try:
        with sync_playwright() as playwright:
            # The sandbox of the browser does not start as root, as in containers; it sees this page alone.
            browser = playwright.chromium.launch(executable_path=args.chromium, args=["--no-sandbox"])
            test = Test(browser.new_page(viewport={"width": 1280, "height": 900}), address, args.shots)
            for step in [test.predict, test.sort, test.explain, test.export, test.upload_and_screen, test.errors, test.dark, test.narrow]:
                step()
                print(f"ok: {step.__name__}")
            assert not test.said, test.said
            browser.close()
    finally:
        child.terminate()
        child.wait()
    print("ok: no error on the console, nothing loaded from elsewhere")


main()
