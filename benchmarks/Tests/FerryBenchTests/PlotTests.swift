import Foundation
import FoundationXML
import Testing

@testable import ferry_bench

@Suite("The plot")
struct PlotTests {
    private let svg = Plot(MeasuredRows([SampleReport.report])).svg

    @Test("the same figures give the picture on record")
    func golden() throws {
        #expect(try svg == Golden.text("plot.svg", recording: svg))
    }

    @Test("the picture is well-formed XML, with a bar for each ratio and one for each colour of the legend")
    func wellFormed() {
        let counter = ElementCounter()
        let parser = XMLParser(data: Data(svg.utf8))
        parser.delegate = counter
        #expect(parser.parse(), "\(String(describing: parser.parserError))")
        // Five ratios are there: a peer that is absent or failed has none, and growth is no comparison. Legend: find, tar, floor.
        #expect(counter.counts["rect"] == 6 + 3)
        #expect(counter.counts["title"] == 1)
        #expect(counter.isNumeric)
    }

    @Test("it has colours for dark pages")
    func dark() {
        #expect(svg.contains("@media (prefers-color-scheme: dark)"))
    }

    @Test("nothing measured gives a picture without bars")
    func empty() {
        #expect(XMLParser(data: Data(Plot(MeasuredRows([])).svg.utf8)).parse())
    }

    /// Counts elements, and looks whether places and sizes are numbers.
    private final class ElementCounter: NSObject, XMLParserDelegate {
        var counts: [String: Int] = [:]
        var isNumeric = true

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            counts[name, default: 0] += 1
            for key in ["x", "y", "x1", "x2", "y1", "y2", "width", "height"] {
                if let text = attributes[key], Double(text)?.isFinite != true { isNumeric = false }
            }
        }
    }
}
