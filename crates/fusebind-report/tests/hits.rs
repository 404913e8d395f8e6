//! Histograms and galleries as a reader of the page's bytes sees them.

use fusebind_report::{Block, Card, Gallery, Histogram, Page, Section};

fn shown(block: Block) -> String {
    let section = Section {
        title: "s".into(),
        blocks: vec![block],
    };
    let page = Page {
        title: "t".into(),
        summary: vec![],
        sections: vec![section],
    };
    page.render().expect("a page")
}

fn histogram(values: &[f64], is_count: bool) -> String {
    shown(Block::Histogram(Histogram {
        title: "Rings".into(),
        x: "rings".into(),
        values: values.to_vec(),
        is_count,
    }))
}

#[test]
fn every_value_is_in_one_bin() {
    let html = histogram(&[0.0, 1.0, 1.0, 3.0, f64::NAN], true);
    for bin in ["0: 1", "1: 2", "3: 1"] {
        assert!(html.contains(&format!("<title>{bin}</title>")), "{bin}: {html}");
    }
    assert!(!html.contains("<title>2: ") && html.contains("1 value is left out") && html.contains("at most 2"));
    let values: Vec<f64> = (0..1000).map(|at| 200.0 + f64::from(at) * 0.37).collect();
    let html = histogram(&values, false);
    let counts = html
        .split("<title>")
        .filter_map(|text| text.split_once("</title>")?.0.split_once(": ")?.1.parse::<usize>().ok());
    assert_eq!(counts.sum::<usize>(), 1000);
    assert_eq!(html.matches("<rect").count(), html.matches("</rect>").count());
}

#[test]
fn odd_numbers_never_break_a_histogram() {
    for values in [
        &[][..],
        &[f64::NAN],
        &[0.0],
        &[5.0; 9],
        &[1e-310, 1e12],
        &[-1e12, 1e12],
        &[1.0, 1.0 + f64::EPSILON],
    ] {
        for is_count in [true, false] {
            let html = histogram(values, is_count);
            assert!(!html.contains("NaN") && !html.contains("inf"), "{values:?}");
        }
    }
    assert!(histogram(&[], true).contains("Nothing to draw"));
}

#[test]
fn cards_show_drawings_and_escape_texts() {
    let card = |svg: Option<&str>| Card {
        title: "<b>aspirin</b>".into(),
        svg: svg.map(str::to_string),
        lines: vec!["7.5 [7.0, 8.0]".into(), "inside & known".into()],
    };
    let cards = vec![card(Some("<svg id=\"drawn\"></svg>")), card(None)];
    let html = shown(Block::Gallery(Gallery {
        caption: "Best".into(),
        cards,
    }));
    assert!(
        html.contains("<svg id=\"drawn\"></svg>") && html.contains("&lt;b&gt;aspirin&lt;"),
        "{html}"
    );
    assert!(
        html.contains("inside &amp; known") && html.contains("It cannot be drawn") && html.matches("<li>").count() == 2
    );
    assert!(shown(Block::Gallery(Gallery::default())).contains("There is nothing to show"));
}
