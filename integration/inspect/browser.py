# SPDX-License-Identifier: Apache-2.0
"""Debian's Chromium without a window, driven by its chromedriver."""

import shutil
import unittest

try:
    from selenium import webdriver
    from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait
    MISSING = None
except ImportError as failure:
    MISSING = str(failure)
    Keys = None  # tests import it before they are skipped

PATIENCE = 120  # seconds; a busy machine is no failure

# The browser's own services are off: they would look for a network, and these tests run without one.
OPTIONS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
           "--disable-component-update", "--disable-sync", "--no-first-run", "--window-size=1280,800"]


def why_missing():
    """Why there is no browser here; empty if there is one."""
    if MISSING:
        return f"python3-selenium is missing: {MISSING}"
    for program in ("chromium", "chromedriver"):
        if not shutil.which(program):
            return f"{program} is missing: ci/setup browser installs it"
    return ""


class Browser:
    def __init__(self, test, *options):
        """A window that ends with the test, which is skipped where there is no browser."""
        if why := why_missing():
            raise unittest.SkipTest(why)
        chosen = webdriver.ChromeOptions()
        chosen.binary_location = shutil.which("chromium")
        for option in [*OPTIONS, *options]:
            chosen.add_argument(option)
        chosen.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=chosen)
        test.addCleanup(self.driver.quit)

    def open(self, address):
        self.driver.get(address)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def run_async(self, script, *arguments):
        """The script's last argument is called with the result."""
        self.driver.set_script_timeout(PATIENCE)
        return self.driver.execute_async_script(script, *arguments)

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def find_all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def click(self, selector):
        """On the first such element, once there is one. The page may replace it between its being found and the click."""
        def is_clicked():
            try:
                self.find(selector).click()
                return True
            except (NoSuchElementException, StaleElementReferenceException):
                return False
        self.wait(is_clicked, f"an element {selector}")

    def wait(self, condition, what):
        """Until condition() is true; its value."""
        return WebDriverWait(self.driver, PATIENCE, 0.05).until(lambda _: condition(), what)

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def wait_for_text(self, selector, text):
        self.wait(lambda: text in self.text(selector), f"{text!r} in {selector}")

    def press(self, *keys):
        for key in keys:
            webdriver.ActionChains(self.driver).send_keys(key).perform()

    def complaints(self):
        """What the page's console has: mistakes in scripts, and what its Content-Security-Policy refused."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def screenshot(self, path):
        self.driver.save_screenshot(str(path))
